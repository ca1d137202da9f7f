import assert from 'node:assert/strict';
import {mkdirSync, renameSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {findSession} from '../../src/session/find-session.js';
import {listSessions} from '../../src/session/list-sessions.js';
import {claimSession} from '../../src/session/session-claim.js';
import {SessionError} from '../../src/session/session-error.js';
import {temporaryFolder} from '../temporary-folder.js';
import {numberedEntries} from './entries.js';
import {makeSession} from './session-fixture.js';

const ids = ['2026-11-24_09-00-00_00aa', '2026-11-25_09-00-00_00bb', '2026-11-25_09-00-00_0abc'];

/** Three sessions with known ids; the titles of the last two are the same. */
async function threeSessions(t: TestContext): Promise<string> {
	const sessions = temporaryFolder(t);
	for (const [i, id] of ids.entries()) {
		const title = i === 0 ? 'Standup' : 'Planning';
		const folder = await makeSession(sessions, {title, seconds: i + 1, entries: numberedEntries(3), record: {id}});
		renameSync(folder, path.join(sessions, id));
	}
	mkdirSync(path.join(sessions, 'not a session'));
	writeFileSync(path.join(sessions, 'notes.txt'), '');
	return sessions;
}

test('sessions are listed newest first, with how they stand', async t => {
	const sessions = await threeSessions(t);
	await makeSession(sessions, {
		title: 'Done',
		startedAt: new Date(2027, 0, 1),
		seconds: 9,
		record: {state: 'stopped', nWords: 77, tape: {sampleRate: 1000, nSamples: 9000}},
	});
	claimSession(path.join(sessions, ids[2]!));
	writeFileSync(path.join(sessions, ids[0]!, 'session.json'), '{');
	const list = await listSessions(sessions);
	assert.deepEqual(
		list.map(({title, state, durationMs, nWords}) => ({title, state, durationMs, nWords})),
		[
			{title: 'Done', state: 'stopped', durationMs: 9000, nWords: 77},
			{title: 'Planning', state: 'recording', durationMs: 3000, nWords: 18},
			{title: 'Planning', state: 'interrupted', durationMs: 2000, nWords: 18},
			{title: '', state: 'damaged', durationMs: 0, nWords: 0},
		],
	);
	assert.deepEqual(await listSessions(path.join(sessions, 'none')), []);
});

const finds = (wanted: string, id: string) =>
	test(`\`${wanted}\` is ${id}`, async t => {
		assert.equal((await findSession(await threeSessions(t), wanted)).id, id);
	});

finds('last', ids[2]!);
finds(ids[0]!, ids[0]!);
finds('2026-11-24', ids[0]!);
finds('2026-11-25_09-00-00_0a', ids[2]!);
finds('standup', ids[0]!);
finds(' STANDUP ', ids[0]!);

const failsOn = (wanted: string, why: RegExp) =>
	test(`\`${wanted}\` is none`, async t => {
		await assert.rejects(
			findSession(await threeSessions(t), wanted),
			error => error instanceof SessionError && error.code === 'not-found' && why.test(error.message),
		);
	});

failsOn('2026', /may be .*_0abc, .*_00bb, .*_00aa: write more/);
failsOn('planning', /may be .*_0abc, .*_00bb: write more/);
failsOn('retro', /no session `retro`.*pi-caption sessions/);
failsOn('', /no session/);
failsOn('../..', /no session/);

test('where there are no sessions, that is said', async t => {
	await assert.rejects(findSession(temporaryFolder(t), 'last'), /There are no sessions in .* yet/);
});
