import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AudioSource} from '../../src/audio/audio-source.js';
import {gapSamples, withGaps} from '../../src/session/tape-gaps.js';

/** A source at half the tape's rate whose samples tell their place, from `from` to `to` in chunks of `size`. */
function numberedSource(from: number, to: number, size: number): AudioSource {
	return {
		name: 'tape',
		sampleRate: 500,
		estimatedSamples: undefined,
		warnings: [],
		async *chunks() {
			for (let at = from; at < to; at += size) {
				const length = Math.min(size, to - at);
				yield {samples: Float32Array.from({length}, (_, i) => at + i), startSample: at};
			}
		},
		close: async () => {},
	};
}

/** Where the chunks of a source behind gaps begin, and all of its samples. */
async function read(source: AudioSource): Promise<{gaps: number[]; samples: number[]}> {
	const gaps: number[] = [];
	const samples: number[] = [];
	for await (const chunk of source.chunks()) {
		assert.ok(chunk.samples.length > 0);
		assert.equal(chunk.samples[0], chunk.startSample);
		assert.equal(chunk.samples.byteLength, chunk.samples.buffer.byteLength);
		if (chunk.isAfterGap) gaps.push(chunk.startSample);
		samples.push(...chunk.samples);
	}
	return {gaps, samples};
}

const range = (from: number, to: number) => Array.from({length: to - from}, (_, i) => from + i);

test('chunks are cut and marked at gaps, and no sample is lost, however they come', async () => {
	for (const size of [1, 2, 3, 7, 50, 1000]) {
		const {gaps, samples} = await read(withGaps(numberedSource(0, 200, size), 1000, [0, 100, 102, 300, 400, 900]));
		assert.deepEqual(gaps, [50, 51, 150]);
		assert.deepEqual(samples, range(0, 200));
	}
});

test('gaps before the first chunk are none', async () => {
	const {gaps} = await read(withGaps(numberedSource(100, 200, 30), 1000, [20, 100, 200, 260]));
	assert.deepEqual(gaps, [130]);
});

test('a gap that is told while the tape is read counts', async () => {
	const gaps: number[] = [];
	const source = numberedSource(0, 100, 10);
	const growing: AudioSource = {
		...source,
		async *chunks() {
			for await (const chunk of source.chunks()) {
				if (chunk.startSample === 50) gaps.push(110);
				yield chunk;
			}
		},
	};
	assert.deepEqual((await read(withGaps(growing, 1000, gaps))).gaps, [55]);
});

test('the gaps of a journal come in order', () => {
	const gap = (atSample: number) => ({type: 'gap' as const, atSample, wallMs: 0, lostMs: 1, why: 'device' as const});
	assert.deepEqual(gapSamples([gap(5), {type: 'mark', atSample: 7, wallMs: 0}, gap(3)]), [3, 5]);
});
