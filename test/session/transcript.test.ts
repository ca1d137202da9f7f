import assert from 'node:assert/strict';
import {rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {describe, test} from 'node:test';
import {parse} from 'yaml';
import {exportSession} from '../../src/session/export-session.js';
import {exportFormats, type FormatName} from '../../src/session/exports/formats.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {safeText} from '../../src/session/safe-text.js';
import {SessionError} from '../../src/session/session-error.js';
import {loadTranscript, transcriptIds} from '../../src/session/transcript.js';
import {temporaryFolder} from '../temporary-folder.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';
import {hostileSegments, spoken} from './segments.js';
import {makeSession} from './session-fixture.js';

const begin = new Date(2026, 10, 25, 23, 59, 0).getTime();
const at = (atMs: number) => ({atSample: atMs, wallMs: begin + atMs});

const entries: JournalEntry[] = [
	{type: 'clock', ...at(0)},
	{type: 'device', ...at(0), name: 'USB microphone', sampleRate: 48_000},
	{type: 'model', ...at(0), id: 'small', name: 'Small', quantisation: '4-bit', framesPerCall: 2},
	{type: 'model', ...at(1), id: 'embedded', name: 'Embedded', quantisation: '8-bit', framesPerCall: 2},
	{type: 'state', ...at(0), state: 'recording'},
	{type: 'mark', ...at(2500)},
	{type: 'final', ...at(3000), segment: spoken(0, 1000, 'Good evening.'), lagMs: 400},
	{type: 'final', ...at(4000), segment: spoken(1, 2000, 'Shall we?'), lagMs: 600},
	{type: 'note', ...at(9000), text: 'Anna *is* late'},
	{type: 'gap', ...at(20_000), lostMs: 90_000, why: 'paused'},
	{type: 'final', ...at(24_000), segment: spoken(2, 21_000, 'Again.'), lagMs: 500},
];

test('a transcript has captions, marks, notes and gaps in the order of the tape', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries, seconds: 30});
	const transcript = await loadTranscript(folder);
	assert.deepEqual(
		transcript.items.map(item => (item.type === 'segment' ? item.segment.text : `${item.type} ${item.atMs}`)),
		['Good evening.', 'Shall we?', 'mark 2500', 'note 9000', 'gap 20000', 'Again.'],
	);
	assert.equal(transcript.durationMs, 30_000);
	assert.equal(transcript.nWords, 5);
	assert.deepEqual(transcript.lag, {meanMs: 500, maxMs: 600});
	assert.deepEqual(transcript.devices, ['USB microphone']);
	assert.deepEqual(
		transcript.models.map(({name}) => name),
		['Small', 'Embedded'],
	);
	assert.equal(transcript.isComplete, false);
	assert.equal(transcript.nDamaged, 0);
});

test('Markdown of a session has front matter, clock times, marks, notes and gaps', async t => {
	const folder = await makeSession(temporaryFolder(t), {
		title: 'Standup',
		startedAt: new Date(1970, 0, 1),
		entries,
		seconds: 30,
		record: {state: 'stopped'},
	});
	const transcript = await loadTranscript(folder);
	assert.equal(
		exportSession(transcript, 'md'),
		`---
title: "Standup"
model: "Embedded"
quantisation: "8-bit"
duration: "0:30"
date: "${new Date(begin).toISOString()}"
session: "${transcript.record.id}"
transcript: "live"
earlier models:
  - "Small (4-bit)"
device: "USB microphone"
gaps:
  - "00:00:50 (0:20 on the tape): not recorded for 1:30 (paused)"
mean lag: "0.5 s"
max lag: "0.6 s"
marks:
  - "23:59:02 (0:02 on the tape)"
---

# Standup

**23:59:01** Good evening.
Shall we?

*Mark at 23:59:02.*

> Note at 23:59:09: Anna \\*is\\* late

*Before 2026-11-26 00:00:50: not recorded for 1:30 (paused).*

**00:00:51** Again.
`,
	);
});

test('subtitles use the time of the tape, and txt and json have what stands between', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries, seconds: 30});
	const transcript = await loadTranscript(folder);
	assert.match(exportSession(transcript, 'srt'), /00:00:21,000 --> 00:00:21,600\nAgain\./);
	assert.match(exportSession(transcript, 'vtt'), /NOTE 00:00:20\.000 not recorded for 1:30 \(paused\)/);
	assert.equal(
		exportSession(transcript, 'txt'),
		'Good evening.\nShall we?\n[mark]\n[note: Anna *is* late]\n[not recorded for 1:30 (paused)]\nAgain.\n',
	);
	assert.match(exportSession(transcript, 'txt', {withWords: true}), /^00:00:02\.500\t00:00:02\.500\t\[mark\]$/m);
	const json = JSON.parse(exportSession(transcript, 'json', {withWords: true}));
	assert.equal(json.isComplete, false);
	assert.equal(json.durationMs, 30_000);
	assert.deepEqual(json.lagMs, {mean: 500, max: 600});
	assert.equal(json.segments[2].clock, new Date(begin + 21_000 + 90_000).toISOString());
	assert.equal(json.segments[0].words.length, 2);
	assert.deepEqual(
		json.events.map(({type, atMs}: {type: string; atMs: number}) => `${type} ${atMs}`),
		['mark 2500', 'note 9000', 'gap 20000'],
	);
	assert.equal(json.events[2].lostMs, 90_000);
});

test('a transcript of another model has its captions, and the marks, notes and gaps of the session', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries, record: {state: 'stopped'}});
	const redone: JournalEntry[] = [
		{type: 'model', ...at(0), id: 'big', name: 'Big', quantisation: '8-bit', framesPerCall: 4},
		{type: 'final', ...at(0), segment: spoken(0, 1000, 'Good morning. Shall we?')},
	];
	const file = path.join(folder, 'redo-big-1.jsonl');
	writeFileSync(file, redone.map(entry => `${JSON.stringify(entry)}\n`).join(''));
	assert.deepEqual(await transcriptIds(folder), ['live', 'big-1']);
	const transcript = await loadTranscript(folder, 'big-1');
	assert.equal(transcript.isComplete, false);
	const text = exportSession(transcript, 'md');
	assert.equal(parse(text.split('---')[1]!).model, 'Big');
	assert.match(text, /Good morning/);
	assert.match(text, /Mark at[\s\S]*Anna[\s\S]*not recorded[\s\S]*ends early/);
	const done = `${JSON.stringify({type: 'state', ...at(0), state: 'stopped'})}\n`;
	writeFileSync(file, done, {flag: 'a'});
	assert.equal((await loadTranscript(folder, 'big-1')).isComplete, true);
	await assert.rejects(
		loadTranscript(folder, 'big-2'),
		error => error instanceof SessionError && error.message.includes('live, big-1'),
	);
});

test('a session without journal or tape has an empty transcript', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'a', seconds: 0});
	rmSync(path.join(folder, 'journal.jsonl'));
	const transcript = await loadTranscript(folder);
	assert.deepEqual({items: transcript.items, durationMs: transcript.durationMs}, {items: [], durationMs: 0});
	for (const format of Object.keys(exportFormats)) exportSession(transcript, format as FormatName);
});

test('without its tape a session has its length from its record, else from its journal', async t => {
	const tape = {sampleRate: 1000, nSamples: 45_000};
	const folder = await makeSession(temporaryFolder(t), {title: 'a', entries, seconds: 0, record: {tape}});
	assert.equal((await loadTranscript(folder)).durationMs, 45_000);
	const lost = await makeSession(temporaryFolder(t), {title: 'a', entries, seconds: 0});
	assert.equal((await loadTranscript(lost)).durationMs, 21_300);
});

test('what an imported session shows is tape time', async t => {
	const imported = entries.filter(({type}) => type !== 'clock');
	const folder = await makeSession(temporaryFolder(t), {title: 'a', importedFrom: 'talk.mp3', entries: imported});
	const text = exportSession(await loadTranscript(folder), 'md');
	assert.match(text, /^\*\*0:21\*\* Again\.$/m);
	assert.equal(parse(text.split('---')[1]!).source, 'talk.mp3');
});

describe('texts from others stay texts in every export of a session', () => {
	const texts = [...hostileTexts, ...randomHostileTexts(300, seed)];
	for (const format of Object.keys(exportFormats) as FormatName[]) {
		test(`${format} (SEED=${seed})`, async t => {
			const hostile = (i: number) => texts[i % texts.length]!;
			const folder = await makeSession(temporaryFolder(t), {
				title: hostile(seed).slice(0, 500),
				importedFrom: hostile(seed + 1).slice(0, 1000),
				seconds: 0,
				entries: [
					{type: 'device', ...at(0), name: hostile(seed + 2).slice(0, 1000), sampleRate: 1000},
					{
						type: 'model',
						...at(0),
						id: 'x',
						name: hostile(seed + 3).slice(0, 2000),
						quantisation: '',
						framesPerCall: 1,
					},
					...texts.map((text, i): JournalEntry => ({type: 'note', ...at(i * 1000), text: text.slice(0, 4000)})),
					...hostileSegments(texts, seed)
						.filter(({startMs, endMs, words}) =>
							[startMs, endMs, ...words.flatMap(w => [w.startMs, w.endMs])].every(Number.isFinite),
						)
						.map((segment): JournalEntry => ({type: 'final', ...at(0), segment})),
				],
			});
			const transcript = await loadTranscript(folder);
			assert.ok(transcript.items.length > texts.length);
			for (const withWords of exportFormats[format].hasWords ? [true, false] : [false]) {
				const text = exportSession(transcript, format, {withWords});
				for (const line of text.split('\n'))
					assert.equal(safeText(line.replaceAll('\t', ' ')), line.replaceAll('\t', ' '));
				if (format === 'json') JSON.parse(text);
				if (format === 'md') {
					const [, front] = text.split(/^---$/m);
					assert.deepEqual(
						Object.keys(parse(front!)).filter(key => /inject/.test(key)),
						[],
					);
					assert.ok(
						!/^(#{1,6} |={3,}|```|<)/m.test(
							text
								.split('---\n')
								.slice(2)
								.join('')
								.replace(/^# .*$/m, ''),
						),
					);
				}
				if (format === 'vtt') {
					for (const block of text.split('\n\n')) assert.ok(/^WEBVTT|^NOTE |^\d\d+:|^$/.test(block), block);
				}
			}
		});
	}
});
