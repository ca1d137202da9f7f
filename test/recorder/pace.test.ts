import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ClockJumps} from '../../src/recorder/clock-jumps.js';
import {Pace} from '../../src/recorder/pace.js';
import {SpeechWatch} from '../../src/recorder/speech-watch.js';

test('RTF is that of the last ten seconds', () => {
	const pace = new Pace();
	for (let s = 1; s <= 20; s++) pace.decoded(s * 1000, s * 200, s * 1000);
	assert.ok(Math.abs(pace.rtf - 0.2) < 1e-9);
	for (let s = 21; s <= 40; s++) pace.decoded(s * 1000, 4000 + (s - 20) * 900, s * 1000);
	assert.ok(Math.abs(pace.rtf - 0.9) < 1e-9);
});

test('behind is said from four seconds on, and taken back well below', () => {
	const pace = new Pace();
	const states: boolean[] = [];
	for (const [tapeMs, decodedMs] of [
		[3900, 0],
		[4100, 0],
		[6000, 4000],
		[6400, 5000],
		[8000, 5000],
	] as const) {
		pace.heard(tapeMs, tapeMs);
		pace.decoded(decodedMs, 0, tapeMs);
		states.push(pace.isBehind);
	}
	assert.deepEqual(states, [false, true, true, false, false]);
	assert.equal(pace.backlogMs, 3000);
});

test('when a sample reached the tape is known to the next look', () => {
	const pace = new Pace();
	pace.heard(1000, 50_000);
	pace.heard(1200, 50_200);
	assert.equal(pace.reachedMs(1100), 50_200);
	assert.equal(pace.reachedMs(900), undefined);
	assert.equal(pace.reachedMs(1300), undefined);
});

test('speech without words is noticed; a steady noise, silence and words are not', () => {
	const heard = (levelAt: (i: number) => number, restartAt = -1) => {
		const watch = new SpeechWatch();
		for (let i = 0; i < 60; i++) {
			if (i === restartAt) watch.restart();
			watch.heard(levelAt(i), i * 200);
		}
		return watch.isOdd(59 * 200);
	};
	const speech = (i: number) => (i % 5 < 3 ? -25 : -50);
	assert.equal(heard(speech), true);
	assert.equal(heard(speech, 40), false);
	assert.equal(
		heard(() => -25),
		false,
	);
	assert.equal(
		heard(() => -70),
		false,
	);
});

test('a clock that is set is a jump, one that drifts is none', () => {
	let wallMs = 1_000_000;
	let steadyMs = 0;
	const clock = new ClockJumps(
		() => wallMs,
		() => steadyMs,
	);
	const after = (wall: number, steady: number) => {
		wallMs += wall;
		steadyMs += steady;
		return clock.hasJumped();
	};
	for (let i = 0; i < 1000; i++) assert.equal(after(1010, 1000), false);
	assert.equal(after(3_600_000, 1000), true);
	assert.equal(after(1000, 1000), false);
	assert.equal(after(-60_000, 1000), true);
});
