import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Watchdog} from '../../src/engine/watchdog.js';

const frameMs = 80;
const frames = (seconds: number) => Math.round((seconds * 1000) / frameMs);

/** Levels as syllables have them: up and down by 20 dB. */
const speech = (i: number) => ({isQuiet: false, levelDb: -30 + 10 * Math.sin(i)});
const hum = () => ({isQuiet: false, levelDb: -30});
const silence = () => ({isQuiet: true, levelDb: -80});

/** Seconds at which the watchdog barks, of `seconds` of `heard`; a word comes at the frames that `isText` says. */
function barks(
	watchdog: Watchdog,
	seconds: number,
	heard: (i: number) => {isQuiet: boolean; levelDb: number},
	isText: (i: number) => boolean = () => false,
): number[] {
	const found: number[] = [];
	for (let i = 0; i < frames(seconds); i++) {
		if (watchdog.push(heard(i), isText(i))) found.push(Math.round(((i + 1) * frameMs) / 1000));
	}
	return found;
}

test('12 s of speech without a word are noticed', () => {
	const watchdog = new Watchdog(frameMs);
	assert.deepEqual(barks(watchdog, 11.9, speech), []);
	assert.deepEqual(barks(watchdog, 0.2, speech), [0]);
});

test('speech with a word every ten seconds is never noticed', () => {
	assert.deepEqual(
		barks(new Watchdog(frameMs), 3600, speech, i => i % frames(10) === 0),
		[],
	);
});

test('silence is never noticed', () => {
	assert.deepEqual(barks(new Watchdog(frameMs), 3600, silence), []);
});

test('a hum is never noticed', () => {
	assert.deepEqual(barks(new Watchdog(frameMs), 3600, hum), []);
});

test('sounds with silence of three seconds between them are never noticed', () => {
	const knocks = (i: number) => (i % frames(5) < frames(1.5) ? speech(i) : silence());
	assert.deepEqual(barks(new Watchdog(frameMs), 3600, knocks), []);
});

test('pauses of a speaker do not hide it', () => {
	const sentences = (i: number) => (i % frames(4) < frames(3) ? speech(i) : silence());
	assert.deepEqual(barks(new Watchdog(frameMs), 17, sentences), [15]);
});

test('what never gives a word is believed less and less, up to every 192 s', () => {
	assert.deepEqual(barks(new Watchdog(frameMs), 800, speech), [12, 36, 84, 180, 372, 564, 756]);
});

test('a word restores the trust', () => {
	const watchdog = new Watchdog(frameMs);
	barks(watchdog, 100, speech);
	watchdog.push(speech(0), true);
	assert.deepEqual(barks(watchdog, 13, speech), [12]);
});
