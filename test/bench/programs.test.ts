import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from '../project-root.js';

// The short versions of what bench/ measures at length. Times are printed, never asserted.

const run = (program: string, ...args: string[]) =>
	spawnSync(process.execPath, [path.join(projectRoot, 'build', 'bench', `${program}.js`), ...args], {encoding: 'utf8'});

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

test('the benchmark prints its figures', () => {
	const {status, stdout, stderr} = run('bench', '--rounds', '1');
	assert.equal(status, 0, stderr);
	console.log(stdout);
	for (const figure of [
		/^RTF +0\.\d+/m,
		/^First word +\d+ ms/m,
		/^Memory +\d+ MB/m,
		/^growing caches .* 1\.00 ×/m,
		/^split attention .* ×/m,
	]) {
		assert.match(stdout, figure);
	}
});

test('ten minutes take no more than 30 MB above two, in every format', {
	skip: hasFfmpeg ? false : 'ffmpeg is not installed',
}, () => {
	const {status, stdout, stderr} = run('memory', '--minutes', '10');
	console.log(stdout);
	assert.equal(status, 0, stdout + stderr);
});
