import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {DecodedPosition} from '../../../src/engine/delayed-streams/decode-loop.js';
import {type LiveRun, runLive} from '../../../src/models/bench/live-run.js';

const sampleRate = 1000;
const frameSamples = 80;
const padding = 3;

/** A minute on a clock that only moves when the model computes (`callMs`) or the run waits; each call takes `frames` frames when so many are there. */
async function run(callMs: number, frames: number): Promise<LiveRun & {heard: number[]}> {
	let clock = 0;
	const heard: number[] = [];
	const live = await runLive(
		(_, onPosition) => {
			let waiting = 0;
			let position = 0;
			onPosition({position: 0, token: padding} as DecodedPosition);
			return {
				feed(samples) {
					heard.push(...samples);
					waiting += samples.length;
				},
				get decodedSamples() {
					return position * frameSamples;
				},
				async decode() {
					if (waiting < frames * frameSamples) return false;
					clock += callMs;
					waiting -= frames * frameSamples;
					for (let i = 0; i < frames; i++)
						onPosition({position: ++position, token: i === 0 ? 7 : padding} as DecodedPosition);
					return waiting >= frames * frameSamples;
				},
			} as Parameters<typeof runLive>[0] extends (...args: never[]) => infer Stream ? Stream : never;
		},
		{
			sampleRate,
			frameSamples,
			padding,
			samples: Float32Array.from({length: 777}, (_, i) => i),
			minutes: 1,
			now: () => clock,
			wait: async ms => {
				clock += ms;
			},
		},
	);
	return {...live, heard};
}

test('a model that keeps up lags by its calls alone, and nothing waits', async () => {
	const {audioMs, computeMs, lagMs, backlogMs, positions, calls, paddings} = await run(20, 2);
	assert.equal(audioMs, 60_000);
	assert.equal(positions, 750);
	assert.equal(calls, 375);
	assert.equal(paddings, 375);
	assert.equal(computeMs, 375 * 20);
	// The first frame of two waits for the second one.
	assert.equal(lagMs.largest, 100);
	assert.ok(lagMs.median >= 20 && lagMs.median <= 100, `${lagMs.median}`);
	assert.ok(backlogMs.largest <= 3 * 80, `${backlogMs.largest}`);
});

test('a model that is too slow falls behind by what it is too slow, and every sample was fed', async () => {
	const {audioMs, computeMs, backlogMs, lagMs} = await run(100, 1);
	assert.ok(Math.abs(computeMs / audioMs - 100 / 80) < 1e-9);
	assert.ok(Math.abs(backlogMs.end - 12_000) <= 200, `${backlogMs.end}`);
	assert.ok(Math.abs(lagMs.largest - 12_000) <= 200, `${lagMs.largest}`);
});

test('the samples are heard again and again, in order', async () => {
	const {heard} = await run(20, 1);
	assert.ok(heard.length > 59_000);
	assert.ok(heard.every((sample, i) => sample === i % 777));
});
