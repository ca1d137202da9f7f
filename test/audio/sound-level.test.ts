import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SoundLevel, silentDb} from '../../src/audio/sound-level.js';

const rate = 1000;
const loud = (amplitude: number, nSamples: number) =>
	Int16Array.from({length: nSamples}, (_, i) => (i % 2 ? amplitude : -amplitude));

function meter() {
	const clock = {ms: 0};
	const level = new SoundLevel(() => clock.ms);
	return {
		level,
		clock,
		/** Hears samples that take their time. */
		hear(samples: Int16Array) {
			clock.ms += (1000 * samples.length) / rate;
			level.add(samples, rate);
		},
	};
}

const rounded = (db: number) => Math.round(db * 10) / 10;

test('the level is that of the last 100 ms, the peak falls by 20 dB a second', () => {
	const {level, hear} = meter();
	for (let i = 0; i < 10; i++) hear(loud(16_384, 10));
	assert.deepEqual([rounded(level.levelDb), rounded(level.peakDb)], [-6, -6]);
	for (let i = 0; i < 10; i++) hear(loud(164, 10));
	assert.deepEqual([rounded(level.levelDb), rounded(level.peakDb)], [-46, -8]);
	for (let i = 0; i < 10; i++) hear(loud(0, 100));
	assert.equal(level.levelDb, silentDb);
	assert.equal(rounded(level.peakDb), -28);
});

test('zeros and nothing at all are silence, and their time counts from the last sound', () => {
	const {level, clock, hear} = meter();
	hear(loud(1, 100));
	hear(loud(0, 400));
	assert.equal(level.silentMs, 400);
	clock.ms += 3000;
	assert.equal(level.silentMs, 3400);
	hear(loud(1, 10));
	assert.equal(level.silentMs, 0);
});

test('a device that gives nothing any more is not as loud as it was', () => {
	const {level, clock, hear} = meter();
	hear(loud(16_384, 100));
	clock.ms += 1001;
	assert.deepEqual([level.levelDb, level.peakDb], [silentDb, silentDb]);
});
