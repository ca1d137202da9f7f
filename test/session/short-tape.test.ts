import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, beforeEach, test} from 'node:test';
import {beginShortTape, continueShortTape} from '../../src/session/short-tape.js';
import {tapeExtent} from '../../src/session/tape-file.js';
import {readTape} from '../../src/session/tape-reader.js';
import {numbered} from './fake-disk.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-short-'));
after(() => rmSync(folder, {recursive: true}));
const file = path.join(folder, 'audio.wav');
beforeEach(() => {
	for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
});

/** Few samples a second make minutes short. */
const sampleRate = 100;
const pieceSamples = 15 * sampleRate;

async function appendAll(tape: ReturnType<typeof beginShortTape>, from: number, nSamples: number): Promise<void> {
	for (let at = from; at < from + nSamples; at += 70) {
		tape.append(numbered(at, Math.min(70, from + nSamples - at)));
		await tape.written();
	}
}

async function readFrom(fromSample: number) {
	const reader = await readTape(file, {fromSample});
	const heard: number[] = [];
	const starts: {startSample: number; isAfterGap?: boolean}[] = [];
	for await (const {samples, startSample, isAfterGap} of reader.chunks()) {
		starts.push({startSample, ...(isAfterGap && {isAfterGap})});
		for (const sample of samples) heard.push(sample * 2 ** 15);
	}
	return {heard: Int16Array.from(heard), starts};
}

test('a tape that forgets is read across its pieces as one', async () => {
	const tape = beginShortTape(file, sampleRate);
	await appendAll(tape, 0, 3 * pieceSamples + 10);
	assert.deepEqual((await readFrom(0)).heard, numbered(0, 3 * pieceSamples + 10));
	assert.deepEqual((await readFrom(pieceSamples - 1)).heard, numbered(pieceSamples - 1, 2 * pieceSamples + 11));
	assert.deepEqual(await tapeExtent(file), {sampleRate, nSamples: 3 * pieceSamples + 10});
	await tape.finish();
});

test('what is older than a minute is gone, and its reader goes on behind it', async () => {
	const tape = beginShortTape(file, sampleRate);
	const nSamples = 10 * pieceSamples + 1;
	await appendAll(tape, 0, nSamples);
	assert.deepEqual(readdirSync(folder).sort(), [
		'audio.10.wav',
		'audio.6.wav',
		'audio.7.wav',
		'audio.8.wav',
		'audio.9.wav',
	]);
	for (const name of readdirSync(folder)) assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600);
	const {heard, starts} = await readFrom(0);
	assert.deepEqual(heard, numbered(6 * pieceSamples, 4 * pieceSamples + 1));
	assert.deepEqual(starts[0], {startSample: 6 * pieceSamples, isAfterGap: true});
	assert.ok(starts.slice(1).every(({isAfterGap}) => isAfterGap === undefined));
	await tape.finish();
});

test('a tape that forgets goes on where a dead capture left it', async () => {
	const first = beginShortTape(file, sampleRate);
	await appendAll(first, 0, pieceSamples + 100);
	await first.finish();
	const second = await continueShortTape(file);
	assert.equal(second.writtenSamples, pieceSamples + 100);
	await appendAll(second, pieceSamples + 100, pieceSamples);
	await second.finish();
	assert.deepEqual((await readFrom(0)).heard, numbered(0, 2 * pieceSamples + 100));
});

test('a tape that forgets forgets in a pause too, and still knows how long it is', async t => {
	t.mock.timers.enable({apis: ['setInterval']});
	let nowMs = 0;
	t.mock.method(performance, 'now', () => nowMs);
	const tape = beginShortTape(file, sampleRate);
	await appendAll(tape, 0, pieceSamples + 100);
	nowMs += 61_000;
	t.mock.timers.tick(15_000);
	while (readdirSync(folder).length > 1) await new Promise(resolve => setImmediate(resolve));
	await tape.finish();
	t.mock.timers.reset();
	assert.deepEqual(await tapeExtent(file), {sampleRate, nSamples: pieceSamples + 100});
	let heard = (await readFrom(pieceSamples)).heard;
	while (heard.some(sample => sample !== 0)) heard = (await readFrom(pieceSamples)).heard;
	assert.deepEqual(heard, new Int16Array(100));
});

test('where no tape is, the reason is said', async () => {
	await assert.rejects(continueShortTape(file), /is missing: nothing was recorded/);
	await assert.rejects(readTape(file), {code: 'ENOENT'});
});
