import assert from 'node:assert/strict';
import {test} from 'node:test';
import {StreamResampler} from '../../src/audio/stream-resampler.js';

const sine = (rate: number, seconds: number) =>
	Int16Array.from({length: rate * seconds}, (_, i) => Math.round(0x4000 * Math.sin((2 * Math.PI * 440 * i) / rate)));

async function resampled(samples: Int16Array, from: number, to: number, pieceSamples: number): Promise<number[]> {
	const resampler = await StreamResampler.create(from, to);
	const all: number[] = [];
	for (let at = 0; at < samples.length; at += pieceSamples)
		all.push(...resampler.feed(samples.subarray(at, at + pieceSamples)));
	all.push(...resampler.flush());
	resampler.close();
	return all;
}

for (const [from, to] of [
	[48_000, 24_000],
	[44_100, 24_000],
	[16_000, 44_100],
] as const) {
	test(`a sine stays itself from ${from} to ${to} Hz, whatever the pieces`, async () => {
		const input = sine(from, 1);
		const whole = await resampled(input, from, to, input.length);
		assert.equal(whole.length, to);
		for (const pieceSamples of [7, 480, 5000]) assert.deepEqual(await resampled(input, from, to, pieceSamples), whole);
		const expected = sine(to, 1);
		// Away from its ends, where the filter sees silence.
		for (let i = 500; i < to - 500; i++) assert.ok(Math.abs(whole[i]! - expected[i]!) < 40, `${i}: ${whole[i]}`);
	});
}
