import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {micromark} from 'micromark';
import {gfm, gfmHtml} from 'micromark-extension-gfm';
import {parse} from 'yaml';
import type {TranscriptInfo} from '../../src/session/exports/export-format.js';
import {exportFormats, exportTranscript, type FormatName} from '../../src/session/exports/formats.js';
import {safeLine} from '../../src/session/safe-text.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';
import {hostileSegments, spoken} from './segments.js';

const info: TranscriptInfo = {
	title: 'Standup',
	sourceName: 'standup.wav',
	model: {name: 'Embedded', quantisation: '8-bit'},
};
const hour = 3_600_000;
const segments = [
	spoken(0, 480, 'Good morning.'),
	spoken(1, 1500, 'Shall we start?'),
	spoken(2, hour + 61_042, 'Yes.', 800),
];
const end = {durationMs: hour + 65_000, isComplete: true};

const exports = (title: string, format: FormatName, expected: string, withWords = false) =>
	test(title, () => assert.equal(exportTranscript(format, segments, info, end, {withWords}), expected));

exports('txt has one caption a line', 'txt', 'Good morning.\nShall we start?\nYes.\n');
exports(
	'txt with words has one word a line with its times',
	'txt',
	`00:00:00.480\t00:00:00.780\tGood
00:00:00.780\t00:00:01.080\tmorning.
00:00:01.500\t00:00:01.800\tShall
00:00:01.800\t00:00:02.100\twe
00:00:02.100\t00:00:02.400\tstart?
01:01:01.042\t01:01:01.842\tYes.
`,
	true,
);
exports(
	'srt counts its cues and keeps time past an hour',
	'srt',
	`1
00:00:00,480 --> 00:00:01,080
Good morning.

2
00:00:01,500 --> 00:00:02,400
Shall we start?

3
01:01:01,042 --> 01:01:01,842
Yes.

`,
);
exports(
	'vtt names the model in a note',
	'vtt',
	`WEBVTT

NOTE Captions of standup.wav by Embedded (8-bit)

00:00:00.480 --> 00:00:01.080
Good morning.

00:00:01.500 --> 00:00:02.400
Shall we start?

01:01:01.042 --> 01:01:01.842
Yes.

`,
);
exports(
	'vtt with words times every word but the first of a cue',
	'vtt',
	`WEBVTT

NOTE Captions of standup.wav by Embedded (8-bit)

00:00:00.480 --> 00:00:01.080
Good <00:00:00.780>morning.

00:00:01.500 --> 00:00:02.400
Shall <00:00:01.800>we <00:00:02.100>start?

01:01:01.042 --> 01:01:01.842
Yes.

`,
	true,
);
exports(
	'md has front matter, a title and a paragraph after each pause',
	'md',
	`---
title: "Standup"
source: "standup.wav"
model: "Embedded"
quantisation: "8-bit"
---

# Standup

**0:00** Good morning.
Shall we start?

**1:01:01** Yes.
`,
);

test('md shows clock time and date where it is known when the recording began', () => {
	const startedAt = new Date(2026, 10, 23, 9, 59, 30);
	const text = exportTranscript('md', segments, {...info, startedAt, durationMs: 125_000}, end);
	assert.match(text, /\*\*09:59:30\*\* Good morning\./);
	assert.match(text, /\*\*11:00:31\*\* Yes\./);
	assert.match(text, /^duration: "2:05"$/m);
	assert.ok(text.includes(`date: "${startedAt.toISOString()}"`));
});

test('md says where an incomplete transcript ends', () => {
	assert.match(
		exportTranscript('md', segments, info, {durationMs: 42_000, isComplete: false}),
		/ends early, at 0:42\.\*\n$/,
	);
});

test('json is one object that says whether it is complete', () => {
	const parsed = JSON.parse(exportTranscript('json', segments, info, end));
	assert.deepEqual(parsed, {
		title: 'Standup',
		source: 'standup.wav',
		model: {name: 'Embedded', quantisation: '8-bit'},
		segments: segments.map(({segmentId, startMs, endMs, text}) => ({segmentId, startMs, endMs, text})),
		durationMs: hour + 65_000,
		isComplete: true,
	});
	const withWords = JSON.parse(
		exportTranscript('json', segments, info, {...end, isComplete: false}, {withWords: true}),
	);
	assert.deepEqual(withWords.segments, segments);
	assert.equal(withWords.isComplete, false);
});

test('a transcript without captions is whole in every format', () => {
	const empty = (format: FormatName) => exportTranscript(format, [], info, end);
	assert.equal(empty('txt'), '');
	assert.equal(empty('srt'), '');
	assert.match(empty('vtt'), /^WEBVTT\n\nNOTE .*\n\n$/);
	assert.match(empty('md'), /# Standup\n$/);
	assert.deepEqual(JSON.parse(empty('json')).segments, []);
});

test('several transcripts share one document where the format can', () => {
	const together = (format: FormatName) => {
		const shared = (exportFormats[format] as (typeof exportFormats)['txt']).together;
		if (!shared) return undefined;
		const texts = ['a.wav', 'b.wav'].map(name => {
			const exporter = shared.create({...info, title: name, sourceName: name}, {withWords: false});
			return exporter.begin() + exporter.segment(segments[0]!) + exporter.end(end);
		});
		return shared.begin({title: '2 recordings', model: info.model}) + texts.join(shared.between) + shared.end;
	};
	assert.equal(together('txt'), '== a.wav ==\nGood morning.\n\n== b.wav ==\nGood morning.\n');
	assert.match(
		together('md')!,
		/^---\ntitle: "2 recordings"\n.*\n.*\n---\n\n# a\.wav\n\n\*\*0:00\*\* Good morning\.\n\n# b\.wav\n/,
	);
	assert.deepEqual(
		JSON.parse(together('json')!).map((one: {source: string}) => one.source),
		['a.wav', 'b.wav'],
	);
	assert.equal(together('srt'), undefined);
	assert.equal(together('vtt'), undefined);
});

describe('hostile texts', () => {
	const texts = [...hostileTexts, ...randomHostileTexts(2000, seed)];
	const hostile = hostileSegments(texts, seed);
	const hostileInfo = (text: string): TranscriptInfo => ({
		title: text,
		sourceName: text,
		model: {name: text, quantisation: text},
	});
	const control = /[^\n\t\P{Cc}]/u;
	const lines = (format: FormatName, withWords = false) => {
		const text = exportTranscript(format, hostile, hostileInfo(texts.join('')), end, {withWords});
		assert.doesNotMatch(text, control);
		return text.split('\n');
	};

	test(`keep their lines in txt (SEED=${seed})`, () => {
		assert.deepEqual(lines('txt'), [...texts.map(safeLine).filter(text => text !== ''), '']);
		for (const line of lines('txt', true).slice(0, -1))
			assert.match(line, /^\d+:\d\d:\d\d\.\d{3}\t\d+:\d\d:\d\d\.\d{3}\t[^\t]+$/);
	});

	test('are nothing but cues in srt', () => {
		const blocks = lines('srt').join('\n').trimEnd().split('\n\n');
		for (const [i, block] of blocks.entries()) {
			const [number, times, ...text] = block.split('\n');
			assert.equal(number, String(i + 1));
			assert.match(times!, /^\d\d+:\d\d:\d\d,\d{3} --> \d\d+:\d\d:\d\d,\d{3}$/);
			assert.ok(text.length === 1 || text.length === 2);
			for (const line of text) assert.ok(line.trim() !== '' && !/-->|[<>{}]/.test(line), line);
		}
	});

	for (const withWords of [false, true]) {
		test(`are nothing but cues in vtt ${withWords ? 'with' : 'without'} words`, () => {
			const [head, note, ...blocks] = lines('vtt', withWords).join('\n').trimEnd().split('\n\n');
			assert.equal(head, 'WEBVTT');
			assert.match(note!, /^NOTE [^\n]*$/);
			assert.ok(!note!.includes('-->'));
			for (const block of blocks) {
				const [times, ...text] = block.split('\n');
				assert.match(times!, /^\d\d+:\d\d:\d\d\.\d{3} --> \d\d+:\d\d:\d\d\.\d{3}$/);
				const [start, last] = times!.split(' --> ');
				assert.ok(text.length === 1 || text.length === 2);
				const stamps = [...text.join('\n').matchAll(/<([^>]*)>/g)].map(match => match[1]!);
				const rising = [start!, ...stamps, last!];
				assert.ok(
					rising.every((stamp, i) => i === 0 || milliseconds(rising[i - 1]!) < milliseconds(stamp)),
					block,
				);
				for (const line of text) {
					assert.doesNotMatch(line, /-->/);
					assert.doesNotMatch(line.replace(/<\d+:\d\d:\d\d\.\d{3}>/g, ''), /[<>]/);
				}
			}
		});
	}

	test('are nothing but front matter, a heading and paragraphs in md', () => {
		for (const title of hostileTexts) {
			const text = exportTranscript('md', hostile.slice(0, hostileTexts.length), hostileInfo(title), end);
			const [, yaml, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text)!;
			const said = safeLine(title);
			assert.deepEqual(parse(yaml!), {title: said, source: said, model: said, quantisation: said});
			assert.doesNotMatch(micromark(text, {allowDangerousHtml: true}), /<(script|img|a|!--)/);
			const html = micromark(body!, {allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()]});
			const tags = new Set(html.match(/<[^>]*>/g));
			assert.deepEqual(
				[...tags].filter(tag => !/^<\/?(h1|p|strong)>$/.test(tag)),
				[],
			);
		}
	});

	test('come back as safe text from json', () => {
		const parsed = JSON.parse(lines('json', true).join('\n'));
		assert.deepEqual(
			parsed.segments.map((segment: {text: string}) => segment.text),
			texts.map(safeLine),
		);
		assert.equal(parsed.title, safeLine(texts.join('')));
	});
});

function milliseconds(stamp: string): number {
	const [hours, minutes, seconds] = stamp.split(':').map(Number);
	return Math.round((hours! * 3600 + minutes! * 60 + seconds!) * 1000);
}
