import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {limitMemory} from '../../bench/memory-limit.js';
import {projectRoot} from '../project-root.js';

// The programs that measure models of the true size, run on a tiny one. Its ratios prove nothing and are not asserted.

async function createProof(t: TestContext) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-proof-'));
	t.after(() => rm(folder, {recursive: true, force: true}));
	const variables = Object.fromEntries(
		['DATA', 'STATE', 'CONFIG', 'CACHE'].map(name => [`XDG_${name}_HOME`, path.join(folder, name.toLowerCase())]),
	);
	return (name: string, ...options: string[]) =>
		spawnSync(process.execPath, [path.join(projectRoot, 'build', 'bench', 'proofs', `${name}.js`), ...options], {
			encoding: 'utf8',
			env: {...process.env, ...variables},
		});
}

test('frames a call are compared on speech, and no token differs that was decided', async t => {
	const prove = await createProof(t);
	const {status, stdout, stderr} = prove('frames-per-call', '--model', 'tiny', '--frames', '60', '--threads', '1');
	assert.equal(status, 0, stdout + stderr);
	assert.equal(stdout.match(/^✔ (4|8)-bit, T = [248]: \d+ of 61 tokens differ, logits by at most \d/gm)?.length, 6);
});

test('speed is measured against fp32, growing caches and memory, call by call in turn', async t => {
	const prove = await createProof(t);
	const {stdout, stderr} = prove('speed', '--model', 'tiny', '--rounds', '2', '--threads', '1', '--minutes', '0');
	for (const name of ['T = 1', 'T = 8', 'fp32', 'growing caches', 'frontend 4']) {
		assert.match(stdout, new RegExp(`^  ${name} +\\d+\\.\\d ms \\(at best \\d`, 'm'), stderr);
	}
	assert.match(stdout, /× as fast as growing caches/);
	assert.match(stdout, /% of the memory's \d+\.\d GB\/s/);
});

test('memory is proved on a tiny model as on a large one', async t => {
	const prove = await createProof(t);
	const options = ['--model', 'tiny', '--schemes', '4-bit', '--minutes', '0.05', '--limited-minutes', '0.05'];
	const {status, stdout, stderr} = prove('memory', ...options);
	assert.equal(status, 0, stdout + stderr);
	assert.match(stdout, /^✔ \d+ MB private after load/m);
	assert.match(stdout, /^✔ runs to the end within 1000 MB|^ {2}The run with 1000 MB of memory is left out\. /m);
});

test('a limit ends what takes more memory, or says why there is none', () => {
	const limit = limitMemory(100e6);
	if (typeof limit === 'string') {
		assert.match(limit, /^This machine /);
		return;
	}
	try {
		const take = (bytes: number) =>
			spawnSync(limit.prefix[0]!, [...limit.prefix.slice(1), 'head', '-c', String(bytes), '/dev/zero'], {
				stdio: ['ignore', 'ignore', 'pipe'],
			}).status;
		assert.equal(take(1e6), 0);
		const greedy = [process.execPath, '-e', 'Buffer.alloc(300e6, 1)'];
		const {signal} = spawnSync(limit.prefix[0]!, [...limit.prefix.slice(1), ...greedy], {stdio: 'ignore'});
		assert.equal(signal, 'SIGKILL');
		assert.ok(limit.failures() > 0);
	} finally {
		limit.remove();
	}
});
