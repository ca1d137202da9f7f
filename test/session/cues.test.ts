import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createCueMaker} from '../../src/session/cues.js';
import {safeLine} from '../../src/session/safe-text.js';
import {textWidth} from '../../src/session/wrap-text.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';
import {hostileSegments, spoken} from './segments.js';

const sentence =
	'and so my fellow americans ask not what your country can do for you ask what you can do for your country and then ask it once more';

const linesOf = (text: string) =>
	createCueMaker()(spoken(0, 1000, text)).map(cue => cue.lines.map(words => words.map(word => word.text).join(' ')));

test('a short caption is one cue of one line', () => {
	assert.deepEqual(createCueMaker()(spoken(0, 1000, 'ask not', 400)), [
		{
			startMs: 1000,
			endMs: 1800,
			lines: [
				[
					{text: 'ask', startMs: 1000},
					{text: 'not', startMs: 1400},
				],
			],
		},
	]);
});

test('a longer caption is two lines of about the same length', () => {
	assert.deepEqual(linesOf('ask not what your country can do for you ask what you can do'), [
		['ask not what your country can', 'do for you ask what you can do'],
	]);
});

test('a long caption is split into even cues at the times of its words', () => {
	const cues = createCueMaker()(spoken(0, 0, sentence));
	assert.equal(cues.length, 2);
	const nWords = cues.map(cue => cue.lines.flat().length);
	assert.ok(Math.abs(nWords[0]! - nWords[1]!) <= 3, String(nWords));
	assert.equal(cues[1]!.startMs, nWords[0]! * 300);
	assert.equal(cues[0]!.endMs, cues[1]!.startMs);
	assert.equal(cues.flatMap(cue => cue.lines.flat().map(word => word.text)).join(' '), sentence);
});

test('a word wider than a line is cut', () => {
	assert.deepEqual(linesOf('x'.repeat(100)), [['x'.repeat(42)], ['x'.repeat(42), 'x'.repeat(16)]]);
});

test('a caption without words is split evenly in time', () => {
	const cues = createCueMaker()({segmentId: 0, text: sentence, startMs: 0, endMs: 8000, words: []});
	assert.equal(cues.length, 2);
	assert.ok(cues[1]!.startMs > 3000 && cues[1]!.startMs < 5000);
	assert.equal(cues[1]!.endMs, 8000);
});

test('a lone short word stays long enough to be read', () => {
	const [cue] = createCueMaker()(spoken(0, 1000, 'yes', 100));
	assert.deepEqual([cue!.startMs, cue!.endMs], [1000, 1600]);
});

test('a segment without text makes no cue', () => {
	assert.deepEqual(linesOf('\u200b'), []);
	assert.deepEqual(createCueMaker()({segmentId: 0, text: '', startMs: 0, endMs: 0, words: []}), []);
});

test('cues never overlap, never end before they start and hold at most two lines of 42 columns, whatever comes', t => {
	t.diagnostic(`SEED=${seed}`);
	const segments = hostileSegments([...hostileTexts, ...randomHostileTexts(3000, seed)], seed);
	const cuesOf = createCueMaker();
	let lastEndMs = 0;
	for (const segment of segments) {
		const cues = cuesOf(segment);
		for (const {startMs, endMs, lines} of cues) {
			assert.ok(Number.isInteger(startMs) && Number.isInteger(endMs));
			assert.ok(startMs >= lastEndMs && endMs > startMs, JSON.stringify({startMs, endMs, lastEndMs}));
			lastEndMs = endMs;
			assert.ok(lines.length >= 1 && lines.length <= 2, JSON.stringify(segment));
			for (const words of lines) {
				assert.ok(words.length > 0);
				assert.ok(textWidth(words.map(word => word.text).join(' ')) <= 42, JSON.stringify(segment));
			}
			const times = lines.flat().map(word => word.startMs);
			assert.ok(times.every((ms, i) => ms >= (times[i - 1] ?? startMs) && ms <= endMs));
		}
		const shown = cues.flatMap(cue => cue.lines.flat().map(word => word.text)).join('');
		const said = segment.words.length > 0 ? segment.words.map(word => word.text) : [segment.text];
		assert.equal(shown, said.map(safeLine).join('').replaceAll(' ', ''), 'no character is lost');
	}
});
