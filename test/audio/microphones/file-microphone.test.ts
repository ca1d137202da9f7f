import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import type {Microphone} from '../../../src/audio/microphone.js';
import {parseFileAddress} from '../../../src/audio/microphones/file-address.js';
import {openMicrophone} from '../../../src/audio/open-microphone.js';
import {makeWav} from '../make-wav.js';

const rate = 16_000;

/** Two seconds that never repeat. */
const samples = Int16Array.from({length: 2 * rate}, (_, i) => i - rate);

function recording(t: TestContext): string {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pcm-'));
	t.after(() => rmSync(folder, {recursive: true}));
	const file = path.join(folder, 'talk.wav');
	writeFileSync(file, makeWav({rate, data: new Uint8Array(samples.buffer)}));
	return file;
}

/** Hears `device` until it ended or gave `nSamples`. */
async function hear(device: string, nSamples = Number.POSITIVE_INFINITY) {
	const heard: number[] = [];
	let done: (error?: Error) => void;
	const over = new Promise<Error | undefined>(resolve => {
		done = resolve;
	});
	const microphone: Microphone = await openMicrophone(
		{device},
		{
			onSamples(block) {
				heard.push(...block);
				if (heard.length >= nSamples) done();
			},
			onEnd: done!,
		},
	);
	const error = await over;
	await microphone.close();
	return {heard, error, microphone};
}

async function hearWhenBack(device: string): ReturnType<typeof hear> {
	for (;;) {
		try {
			return await hear(device);
		} catch (error) {
			assert.match((error as Error).message, / is gone\.$/);
			await new Promise<void>(resolve => setImmediate(resolve));
		}
	}
}

test('a recording is heard to its end, sample by sample, as fast as it is taken', async t => {
	const {heard, error, microphone} = await hear(`file:${recording(t)}?speed=max&then=gone`);
	assert.deepEqual(heard, [...samples]);
	assert.match(error!.message, /^The microphone file:.* is gone\.$/);
	assert.deepEqual([microphone.sampleRate, microphone.nSamples, microphone.overruns], [rate, samples.length, 0]);
});

test('a recording at a pace gives the same samples', async t => {
	const {heard} = await hear(`file:${recording(t)}?speed=20&then=gone`);
	assert.deepEqual(heard, [...samples]);
});

test('the device vanishes where it is told to, and what is said meanwhile is not heard', async t => {
	const device = `file:${recording(t)}?speed=max&gone=0.5:0.25&then=gone`;
	const first = await hear(device);
	assert.deepEqual(first.heard, [...samples.subarray(0, rate / 2)]);
	const second = await hearWhenBack(device);
	assert.deepEqual(second.heard, [...samples.subarray((rate * 3) / 4)]);
});

test('a device that is gone does not open', async t => {
	const device = `file:${recording(t)}?speed=max&gone=0.1:1000`;
	assert.equal((await hear(device)).heard.length, 0.1 * rate);
	await assert.rejects(hear(device), /^AudioError: The microphone file:.* is gone\.$/);
});

test('it comes back at another rate', async t => {
	const device = `file:${recording(t)}?speed=max&gone=0.5:0.01&back=48000&then=gone`;
	assert.equal((await hear(device)).microphone.sampleRate, rate);
	const second = await hearWhenBack(device);
	assert.equal(second.microphone.sampleRate, 48_000);
});

test('a loss is counted and its 100 ms are missing', async t => {
	const {heard, microphone} = await hear(`file:${recording(t)}?speed=max&overrun=0.3,1&then=gone`);
	const at = (seconds: number) => rate * seconds;
	const expected = [...samples.subarray(0, at(0.3)), ...samples.subarray(at(0.4), at(1)), ...samples.subarray(at(1.1))];
	assert.deepEqual(heard, expected);
	assert.equal(microphone.overruns, 2);
});

test('a loop begins again at its end, and silence follows one that does not', async t => {
	const file = recording(t);
	const looped = await hear(`file:${file}?speed=max&then=loop`, 3 * rate);
	assert.deepEqual(looped.heard.slice(0, 3 * rate), [...samples, ...samples.subarray(0, rate)]);
	const silent = await hear(`file:${file}?speed=max`, samples.length + 1);
	assert.deepEqual(silent.heard.slice(0, samples.length), [...samples]);
	assert.ok(silent.heard.slice(samples.length).every(sample => sample === 0));
});

test('with a wall clock, a process that comes later hears what comes then', async t => {
	const file = recording(t);
	const second = await hear(`file:${file}?speed=1&from=${Date.now() - 500}&then=gone`);
	assert.ok(second.heard.length <= 1.5 * rate + 1, `${second.heard.length}`);
	assert.deepEqual(second.heard, [...samples.subarray(samples.length - second.heard.length)]);
});

test('a headerless file is read at the rate that is told', async t => {
	const file = recording(t);
	writeFileSync(file, samples);
	const {heard, microphone} = await hear(`file:${file}?rate=24000&speed=max&then=gone`);
	assert.deepEqual(heard, [...samples]);
	assert.equal(microphone.sampleRate, 24_000);
});

test('a parameter that is unknown or wrong, and a file that is missing, are sentences', async () => {
	for (const query of ['speed=fast', 'gone=5', 'pace=2', 'then=stop', 'rate=']) {
		assert.throws(
			() => parseFileAddress(`file:a.wav?${query}`),
			/^AudioError: A recording as a microphone cannot have /,
		);
	}
	await assert.rejects(hear('file:/nowhere.wav'), /^AudioError: The recording \/nowhere.wav cannot be played .*ENOENT/);
});
