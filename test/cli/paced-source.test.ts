import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AudioChunk} from '../../src/audio/audio-chunk.js';
import type {AudioSource} from '../../src/audio/audio-source.js';
import {pacedSource, wallPace} from '../../src/cli/paced-source.js';

const sampleRate = 1000;

/** Samples 0, 1, 2 … in chunks of the given sizes. */
function source(sizes: number[]): AudioSource {
	return {
		name: 'count',
		sampleRate,
		estimatedSamples: undefined,
		warnings: [],
		async *chunks() {
			let startSample = 0;
			for (const size of sizes) {
				yield {samples: Float32Array.from({length: size}, (_, i) => startSample + i), startSample};
				startSample += size;
			}
		},
		async close() {},
	};
}

/** A clock that only waiting moves. */
function fakePace(lateMs = 0) {
	let nowMs = 5000;
	return {
		now: () => nowMs,
		async wait(ms: number) {
			assert.ok(ms > 0);
			nowMs += ms + lateMs;
		},
	};
}

for (const sizes of [[1], [1000], [1000, 1000, 777], [7, 80, 81, 160, 3], []]) {
	test(`samples in chunks of ${sizes} stay as they are and come no sooner than they are spoken`, async () => {
		const pace = fakePace();
		const begin = pace.now();
		const heard: number[] = [];
		for await (const {samples, startSample} of pacedSource(source(sizes), pace).chunks()) {
			assert.equal(startSample, heard.length);
			assert.ok(samples.length <= 80 && samples.buffer.byteLength === samples.byteLength);
			heard.push(...samples);
			assert.equal(pace.now() - begin, heard.length);
		}
		assert.deepEqual(
			heard,
			Array.from({length: sizes.reduce((a, b) => a + b, 0)}, (_, i) => i),
		);
	});
}

test('lateness does not add up', async () => {
	const pace = fakePace(3);
	const begin = pace.now();
	const chunks: AudioChunk[] = [];
	for await (const chunk of pacedSource(source([1000, 1000]), pace).chunks()) chunks.push(chunk);
	assert.equal(pace.now() - begin, 2003);
});

test('an abort ends the waiting', async () => {
	const controller = new AbortController();
	const waiting = wallPace(controller.signal).wait(3_600_000);
	controller.abort();
	await waiting;
});
