import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from '../project-root.js';

const isInstalled = existsSync(path.join(projectRoot, 'node_modules', 'naudiodon'));

test('naudiodon loads and knows its host APIs', {skip: isInstalled ? false : 'naudiodon is not installed'}, () => {
	// In a process and a folder of its own: it prints to stdout, and its crash handler writes into the working directory.
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-'));
	const code = "const {getHostAPIs} = require('naudiodon'); console.log('\\nAPIs', getHostAPIs().HostAPIs.length)";
	const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', code], {
		cwd: folder,
		encoding: 'utf8',
		env: {...process.env, NODE_PATH: path.join(projectRoot, 'node_modules')},
	});
	rmSync(folder, {recursive: true});
	assert.equal(status, 0, stderr);
	assert.match(stdout, /^APIs [1-9]/m);
});
