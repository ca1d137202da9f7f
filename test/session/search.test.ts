import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {safeLine} from '../../src/session/safe-text.js';
import {type SearchHit, searchSessions} from '../../src/session/search.js';
import {temporaryFolder} from '../temporary-folder.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';
import {spoken} from './segments.js';
import {makeSession} from './session-fixture.js';

const final = (segmentId: number, startMs: number, text: string): JournalEntry => ({
	type: 'final',
	atSample: startMs,
	wallMs: 0,
	segment: spoken(segmentId, startMs, text),
});

async function sessionsOf(t: TestContext): Promise<string> {
	const sessions = temporaryFolder(t);
	await makeSession(sessions, {
		title: 'Budget of the café',
		startedAt: new Date(2026, 0, 1),
		entries: [
			{type: 'clock', atSample: 0, wallMs: 1_000_000},
			final(0, 1000, 'We met in the Café, and it’s good.'),
			final(1, 5000, 'The budget'),
			final(2, 6000, 'is done.'),
			{type: 'note', atSample: 7000, wallMs: 0, text: 'ask about the budget'},
		],
	});
	await makeSession(sessions, {
		title: 'Standup',
		startedAt: new Date(2026, 0, 2),
		entries: [final(0, 2000, 'No budget, no Budget.')],
	});
	return sessions;
}

async function found(sessions: string, wanted: string): Promise<string[]> {
	const hits: string[] = [];
	for await (const {title, kind, atMs, text, from, to} of searchSessions(sessions, wanted)) {
		hits.push(`${title} | ${kind} ${atMs} | ${text.slice(0, from)}<${text.slice(from, to)}>${text.slice(to)}`);
	}
	return hits;
}

test('captions, titles and notes are found, newest session first, every place once', async t => {
	assert.deepEqual(await found(await sessionsOf(t), 'budget'), [
		'Standup | caption 2000 | No <budget>, no Budget.',
		'Standup | caption 2000 | No budget, no <Budget>.',
		'Budget of the café | title 0 | <Budget> of the café',
		'Budget of the café | caption 5000 | The <budget>',
		'Budget of the café | note 7000 | ask about the <budget>',
	]);
});

const finds = (wanted: string, ...hits: string[]) =>
	test(`"${wanted}" is found`, async t => {
		assert.deepEqual(await found(await sessionsOf(t), wanted), hits);
	});

finds('budget is', 'Budget of the café | caption 5000 | The <budget is> done.');
finds('CAFE AND', 'Budget of the café | caption 1000 | We met in the <Café, and> it’s good.');
finds('its go', 'Budget of the café | caption 1000 | We met in the Café, and <it’s go>od.');
finds('  done!! ', 'Budget of the café | caption 6000 | is <done>.');
finds(
	'cafe\u0301',
	'Budget of the café | title 0 | Budget of the <café>',
	'Budget of the café | caption 1000 | We met in the <Café>, and it’s good.',
);
finds('nothing like it');
finds('   ');

test('a hit says when it was, where that is known', async t => {
	const hits: SearchHit[] = [];
	for await (const hit of searchSessions(await sessionsOf(t), 'met in')) hits.push(hit);
	assert.deepEqual(
		hits.map(({clock, segmentId, transcriptId}) => [clock?.getTime(), segmentId, transcriptId]),
		[[1_001_000, 0, 'live']],
	);
});

test('transcripts of other models are searched, and damaged sessions are left out', async t => {
	const sessions = await sessionsOf(t);
	const broken = await makeSession(sessions, {title: 'budget', startedAt: new Date(2026, 0, 3)});
	writeFileSync(path.join(broken, 'session.json'), '');
	const redone = await makeSession(sessions, {title: 'Retro', startedAt: new Date(2026, 0, 4)});
	writeFileSync(path.join(redone, 'redo-big-1.jsonl'), `${JSON.stringify(final(0, 10, 'A big budget.'))}\n`);
	const hits = await found(sessions, 'budget');
	assert.equal(hits[0], 'Retro | caption 10 | A big <budget>.');
	assert.equal(hits.length, 6);
});

test('a search can be ended', async t => {
	const sessions = await sessionsOf(t);
	const ending = new AbortController();
	const hits: SearchHit[] = [];
	for await (const hit of searchSessions(sessions, 'budget', {signal: ending.signal})) {
		hits.push(hit);
		ending.abort();
	}
	assert.ok(hits.every(({title}) => title === 'Standup'));
});

test(`every text finds itself, and every part of it (SEED=${seed})`, async t => {
	const sessions = temporaryFolder(t);
	const texts = [...randomHostileTexts(60, seed), 'İstanbul ﬁne Straße Ǆ ①', 'e\u0301\u0323 a\u0323\u0301'];
	await makeSession(sessions, {title: 'a', entries: texts.map((text, i) => final(i, i * 1000, text)), seconds: 0});
	for (const text of texts) {
		const wanted = safeLine(text);
		const letters = wanted.normalize('NFKD').replace(/[^\p{L}\p{N}]/gu, '');
		const hits: string[] = [];
		for await (const {text: found} of searchSessions(sessions, wanted)) hits.push(found);
		assert.equal(
			hits.some(hit => hit.includes(wanted)),
			letters !== '',
			JSON.stringify(wanted),
		);
	}
});

test('what is searched for is text, whatever it is made of', async t => {
	const sessions = await sessionsOf(t);
	for (const text of hostileTexts) await found(sessions, text);
});
