import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {createResumeFilter, resumePoint} from '../../src/session/resume.js';
import type {Segment, Word} from '../../src/session/segment.js';
import {spoken} from './segments.js';

const rate = 24_000;
const at = {atSample: 0, wallMs: 0};
const final = (segment: Segment): JournalEntry => ({type: 'final', ...at, segment});
const gap = (second: number): JournalEntry => ({...at, type: 'gap', atSample: second * rate, lostMs: 1, why: 'device'});

test('a journal without finals goes on at the start of the tape', () => {
	assert.deepEqual(resumePoint([{type: 'mark', ...at}], rate), {
		fromSample: 0,
		knownWords: [],
		knownEndMs: 0,
		nextSegmentId: 0,
	});
});

test('a short session is heard again from its start', () => {
	const point = resumePoint([final(spoken(0, 1000, 'one two three'))], rate);
	assert.equal(point.fromSample, 0);
	assert.equal(point.knownEndMs, 1900);
	assert.equal(point.nextSegmentId, 1);
});

test('10 s before the last word are heard again, whole frames from the start', () => {
	const point = resumePoint([final(spoken(0, 1000, 'early')), final(spoken(1, 59_990, 'late word'))], rate);
	// 60,590 − 10,000 ms, at a multiple of 80 ms.
	assert.equal(point.fromSample, 50_560 * 24);
	assert.deepEqual(
		point.knownWords.map(word => word.text),
		['late', 'word'],
	);
	assert.equal(point.nextSegmentId, 2);
});

test('nothing before a gap is heard again, and frames count from there', () => {
	const entries = [final(spoken(0, 30_000, 'before')), gap(33.1), final(spoken(1, 34_000, 'behind'))];
	assert.equal(resumePoint(entries, rate).fromSample, 33.1 * rate);
	const later = [...entries, final(spoken(2, 60_000, 'late'))];
	assert.equal(resumePoint(later, rate).fromSample, (33_100 + 80 * Math.floor((60_300 - 10_000 - 33_100) / 80)) * 24);
});

test('a gap behind the last word does not keep it from being heard again', () => {
	const point = resumePoint([final(spoken(0, 30_000, 'before')), gap(40)], rate);
	assert.equal(point.fromSample, 80 * Math.floor(20_300 / 80) * 24);
});

/** What the filter lets through of `heard`, after a journal with `known`. */
function filtered(known: Segment[], heard: {type: 'partial' | 'final'; segment: Segment}[]) {
	const filter = createResumeFilter(resumePoint(known.map(final), rate));
	return heard.map(event => {
		const passed = filter(event);
		return passed && `${passed.type} ${passed.segment.segmentId}: ${passed.segment.text}`;
	});
}

const asFinals = (...segments: Segment[]) => segments.map(segment => ({type: 'final' as const, segment}));
const asPartial = (segment: Segment) => ({type: 'partial' as const, segment});

test('what is heard again exactly is said once, and ids count on', () => {
	const known = [spoken(7, 1000, 'one two three')];
	assert.deepEqual(filtered(known, asFinals(spoken(0, 1000, 'one two three'), spoken(1, 3000, 'four'))), [
		undefined,
		'final 8: four',
	]);
});

test('a segment that is known to its middle goes on in its middle, also while it is open', () => {
	const known = [spoken(0, 1000, 'one two three')];
	const whole = spoken(0, 1000, 'one two three four five');
	const events = [
		asPartial(spoken(0, 1000, 'one two')),
		asPartial(spoken(0, 1000, 'one two three four')),
		...asFinals(whole),
	];
	assert.deepEqual(filtered(known, events), [undefined, 'partial 1: four', 'final 1: four five']);
	const passed = createResumeFilter(resumePoint(known.map(final), rate))(events[2]!);
	assert.deepEqual(passed?.segment, {
		segmentId: 1,
		text: 'four five',
		startMs: 1900,
		endMs: 2500,
		words: whole.words.slice(3),
	});
});

test('words that come a little earlier or later, with another capital or stop, are the same', () => {
	const known = [spoken(0, 1000, 'one two Three.')];
	for (const shiftMs of [-320, -160, -80, 80, 160, 320]) {
		assert.deepEqual(filtered(known, asFinals(spoken(0, 1000 + shiftMs, 'One two three, four'))), ['final 1: four']);
	}
});

test('what is heard otherwise than before is not said again', () => {
	const known = [spoken(0, 1000, 'wreck a nice beach')];
	assert.deepEqual(filtered(known, asFinals(spoken(0, 1000, 'recognise the speech today and'))), ['final 1: and']);
});

test('a word that is really said twice is said twice', () => {
	const known = [spoken(0, 1000, 'on the')];
	assert.deepEqual(filtered(known, asFinals(spoken(0, 1000, 'on the the house'))), ['final 1: the house']);
});

test('a short word right behind the last one is not taken for it, though its end is in the tail', () => {
	const word = (text: string, startMs: number, endMs: number): Word => ({text, startMs, endMs});
	// The last word of a closed segment is given a tail, as nobody knows when the next one begins.
	const known = {...spoken(0, 0, 'so'), endMs: 320, words: [word('so', 0, 320)]};
	const again = {...spoken(0, 0, 'so I'), endMs: 300, words: [word('so', 0, 80), word('I', 80, 300)]};
	assert.deepEqual(filtered([known], asFinals(again)), ['final 1: I']);
});

test('segments without words are heard or not as a whole', () => {
	const bare = (segmentId: number, startMs: number, text: string) => ({...spoken(segmentId, startMs, text), words: []});
	assert.deepEqual(
		filtered([bare(0, 1000, 'one two')], asFinals(bare(0, 1000, 'One two.'), bare(1, 3000, 'three four'))),
		[undefined, 'final 1: three four'],
	);
});

test('a session that dies twice goes on behind both', () => {
	const known = [spoken(0, 1000, 'one two'), spoken(1, 1600, 'three'), spoken(2, 1900, 'four')];
	assert.deepEqual(filtered(known, asFinals(spoken(0, 1000, 'one two three four five'))), ['final 3: five']);
});
