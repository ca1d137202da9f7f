import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LiveMeter, percentile} from '../../src/recorder/live-figures.js';
import type {RecorderEvent} from '../../src/recorder/recorder-client.js';

const open = (text: string, endMs: number, segmentId = 0): RecorderEvent => ({
	type: 'open',
	segment: {segmentId, text, startMs: 0, endMs},
});

const final = (text: string, endMs: number): RecorderEvent => ({
	type: 'entry',
	isUnsaved: false,
	entry: {
		type: 'final',
		atSample: 0,
		wallMs: 0,
		segment: {
			segmentId: 0,
			text,
			startMs: 0,
			endMs,
			words: text.split(' ').map(word => ({text: word, startMs: 0, endMs: 0})),
		},
	},
});

function meter(): LiveMeter {
	const made = new LiveMeter({delayMs: 500, frameMs: 80, wordTailMs: 240});
	// The tape is at 100 ms of steady clock for every 100 ms of audio, 40 ms late.
	for (let tapeMs = 0; tapeMs <= 3000; tapeMs += 100) made.sawTape({atMs: tapeMs + 40, tapeMs});
	return made;
}

test('lag counts from the moment when the last sample that a word needed was on the tape', () => {
	const measured = meter();
	// Written at the position whose frame ends at 1000 − 240 + 500 − 80 = 1180 ms of tape, which was there at 1240.
	measured.heard(open('so', 1000), 1300);
	assert.deepEqual(measured.figures.pipelineLagsMs, [60]);
});

test('an open line that did not change is no update', () => {
	const measured = meter();
	measured.heard(open('so', 1000), 1300);
	measured.heard(open('so', 1000), 1400);
	assert.equal(measured.figures.pipelineLagsMs.length, 1);
});

test('a word that grows is not taken back, one that is spelled otherwise is, with all behind it', () => {
	const measured = meter();
	measured.heard(open('so we', 400), 500);
	measured.heard(open('so well then', 600), 700);
	assert.equal(measured.figures.withdrawnWords, 0);
	measured.heard(open('so what', 700), 800);
	assert.equal(measured.figures.withdrawnWords, 2);
	measured.heard(final('so what', 700), 1500);
	assert.equal(measured.figures.withdrawnWords, 2);
	assert.equal(measured.figures.finalWords, 2);
});

test('a new segment takes nothing back', () => {
	const measured = meter();
	measured.heard(open('so we', 400), 500);
	measured.heard(open('then', 900, 1), 1000);
	assert.equal(measured.figures.withdrawnWords, 0);
});

test('percentiles are values that were seen', () => {
	assert.equal(percentile([3, 1, 2, 4], 0.5), 3);
	assert.equal(percentile([3, 1, 2, 4], 0.95), 4);
	assert.ok(Number.isNaN(percentile([], 0.5)));
});
