import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LevelMeter, lowestDb} from '../../src/audio/level.js';

const sampleRate = 16_000;

function meterAt(startMs = 0) {
	const clock = {ms: startMs};
	return {clock, meter: new LevelMeter(sampleRate, () => clock.ms)};
}

const sine = (amplitude: number, ms: number) =>
	Int16Array.from({length: (sampleRate * ms) / 1000}, (_, i) =>
		Math.round(amplitude * Math.sin((2 * Math.PI * 400 * i) / sampleRate)),
	);

const about = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 0.1, `${actual}`);

test('a sine of full scale is 3 dB below it, and its peak is at it', () => {
	const {meter} = meterAt();
	meter.feed(sine(0x7fff, 100));
	about(meter.read().levelDb, -3.01);
	about(meter.read().peakDb, 0);
});

test('a sine of a tenth is 20 dB quieter', () => {
	const {meter} = meterAt();
	meter.feed(sine(3276.7, 100));
	about(meter.read().levelDb, -23.01);
	about(meter.read().peakDb, -20);
});

test('the level is that of the last 100 ms, whatever the blocks', () => {
	const {meter} = meterAt();
	meter.feed(sine(0x7fff, 1000));
	const quiet = sine(327.67, 100);
	for (let at = 0; at < quiet.length; at += 7) meter.feed(quiet.subarray(at, at + 7));
	about(meter.read().levelDb, -43.01);
});

test('the peak falls by 20 dB a second, and a louder one takes its place', () => {
	const {clock, meter} = meterAt();
	meter.feed(sine(0x7fff, 100));
	clock.ms += 1500;
	about(meter.read().peakDb, -30);
	meter.feed(sine(3276.7, 100));
	about(meter.read().peakDb, -20);
	clock.ms += 60_000;
	assert.equal(meter.read().peakDb, lowestDb);
});

test('nothing at all is the lowest level, and counts as silent input', () => {
	const {clock, meter} = meterAt(5000);
	clock.ms += 3000;
	assert.deepEqual(meter.read(), {levelDb: lowestDb, peakDb: lowestDb, silentInputMs: 3000});
});

test('zeros are silent input, the smallest noise is not', () => {
	const {clock, meter} = meterAt();
	clock.ms += 1000;
	meter.feed(new Int16Array(16_000));
	assert.equal(meter.read().silentInputMs, 1000);
	meter.feed(Int16Array.of(0, -1, 0));
	assert.equal(meter.read().silentInputMs, 0);
	clock.ms += 250;
	assert.equal(meter.read().silentInputMs, 250);
});

test('a device that stopped has no level', () => {
	const {clock, meter} = meterAt();
	meter.feed(sine(0x7fff, 100));
	clock.ms += 600;
	assert.equal(meter.read().levelDb, lowestDb);
});

test('a device that is opened again is heard from then on', () => {
	const {clock, meter} = meterAt();
	clock.ms += 9000;
	meter.restart();
	assert.equal(meter.read().silentInputMs, 0);
});
