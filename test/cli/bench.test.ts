import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {runInShell} from './command.js';

/** Runs a line of bash with a home of its own. */
async function createBench(t: TestContext) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-bench-'));
	t.after(() => rm(folder, {recursive: true, force: true}));
	const variables = Object.fromEntries(
		['DATA', 'STATE', 'CONFIG', 'CACHE'].map(name => [`XDG_${name}_HOME`, path.join(folder, name.toLowerCase())]),
	);
	return {folder, run: (line: string) => runInShell(line, variables)};
}

test('bench makes a synthetic package once, says so, and prints every figure', async t => {
	const {folder, run} = await createBench(t);
	const first = run('$PI bench --synthetic tiny --minutes 0.05 --threads 1');
	assert.equal(first.code, 0, first.stderr);
	for (const line of [
		/^Machine +\d+ × .*Node \d+\./m,
		/^Model +synthetic tiny: random numbers in its shapes, made in \d+ s, .*; 4-bit, 1 thread; \d{4}-\d\d-\d\d$/m,
		/^Load +\d+\.\d s, the prepared copy$/m,
		/^Memory +\d+ MB private, \d+ MB mapped, \d+ MB at most; \d+ major faults$/m,
		/^frontend, 1 frame a call +\d+\.\d\d +\d+\.\d\d$/m,
		/^frontend, 4 frames a call +\d+\.\d\d/m,
		/^decoder, 8 frames a call +\d+\.\d\d +\d+\.\d\d$/m,
		/^keys and values of a frame +\d/m,
		/^token of a frame +\d/m,
		/^Reads +\d+ MB of weights and \d+ MB of keys and values/m,
		/^Bandwidth +\d+\.\d GB\/s .* with one frame a call: \d+ %$/m,
		/^Predicted +RTF \d+\.\d\d if no guess is right/m,
		/^Live +0:0\d of audio at the pace of speech, 0 % of it PAD, --latency balanced$/m,
		/^RTF +\d+\.\d{3}; predicted \d+\.\d{3} from the stages/m,
		/^CPU +\d+\.\d s a minute of audio$/m,
		/^Lag +median \d+ ms, 95 % within \d+ ms, at most \d+ ms$/m,
		/^Backlog +at most \d+ ms, at the end \d+ ms/m,
	]) {
		assert.match(first.stdout, line);
	}
	assert.ok(existsSync(path.join(folder, 'cache', 'pi-caption', 'synthetic')));
	const second = run('$PI bench --synthetic tiny --minutes 0 --threads 1');
	assert.match(second.stdout, /^Model +synthetic tiny: random numbers in its shapes, made before, /m);
	assert.doesNotMatch(second.stdout, /^Live/m);
});

test('bench --json has the figures as numbers, and --pad is what the model writes', async t => {
	const {run} = await createBench(t);
	const {code, stdout, stderr} = run(
		'$PI bench --synthetic tiny --pad 1 --latency saver --minutes 0.05 --threads 1 --json',
	);
	assert.equal(code, 0, stderr);
	const report = JSON.parse(stdout);
	assert.deepEqual(Object.keys(report.stages.frontendMs), ['1', '2', '4']);
	assert.deepEqual(Object.keys(report.stages.lmMs), ['1', '2', '4', '8']);
	assert.ok(report.stages.bandwidth > 0);
	assert.equal(report.padding, 1);
	assert.equal(report.live.paddings, report.live.positions);
	// The first guesses are of a time when nothing was heard; from then on every one of a full call is right.
	assert.ok(report.live.positions / report.live.calls > 3, `${report.live.positions} in ${report.live.calls} calls`);
});

test('bench measures the embedded model, and refuses --pad for it', async t => {
	const {run} = await createBench(t);
	const {code, stdout, stderr} = run('$PI bench --minutes 0 --threads 1');
	assert.equal(code, 0, stderr);
	assert.match(stdout, /^Model +embedded; 8-bit, 1 thread/m);
	const refused = run('$PI bench --pad 0.5');
	assert.equal(refused.code, 2);
	assert.match(refused.stderr, /--pad is for --synthetic/);
	assert.equal(run('$PI bench --synthetic tiny --pad 1.5').code, 2);
	assert.equal(run('$PI bench --synthetic kyutai-7b').code, 2);
});
