import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from '../project-root.js';

test('eight minutes of sound take no more memory than one, and are captioned to their end', () => {
	const program = path.join(projectRoot, 'build', 'bench', 'proofs', 'hours.js');
	const {status, stdout, stderr} = spawnSync(process.execPath, [program, '--minutes', '8'], {encoding: 'utf8'});
	console.log(stdout);
	assert.equal(status, 0, stdout + stderr);
});
