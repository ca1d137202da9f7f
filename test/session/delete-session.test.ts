import assert from 'node:assert/strict';
import {existsSync, readdirSync, renameSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {deleteSession, sweepDeleted} from '../../src/session/delete-session.js';
import {listSessions} from '../../src/session/list-sessions.js';
import {claimSession} from '../../src/session/session-claim.js';
import {SessionError} from '../../src/session/session-error.js';
import {temporaryFolder} from '../temporary-folder.js';
import {makeSession} from './session-fixture.js';

test('a deleted session leaves nothing, and the others alone', async t => {
	const sessions = temporaryFolder(t);
	const kept = await makeSession(sessions, {title: 'kept', seconds: 1});
	await deleteSession(await makeSession(sessions, {title: 'gone', seconds: 1}));
	assert.deepEqual(readdirSync(sessions), [path.basename(kept)]);
});

test('a deletion that was interrupted is out of the list, and ended later', async t => {
	const sessions = temporaryFolder(t);
	const folder = await makeSession(sessions, {title: 'gone', seconds: 1});
	renameSync(folder, path.join(sessions, `.deleted-${path.basename(folder)}`));
	assert.deepEqual(await listSessions(sessions), []);
	await sweepDeleted(sessions);
	assert.deepEqual(readdirSync(sessions), []);
	await sweepDeleted(path.join(sessions, 'none'));
});

test('a session that somebody works on is not deleted', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'on', seconds: 1});
	claimSession(folder, process.ppid);
	await assert.rejects(deleteSession(folder), error => error instanceof SessionError && error.code === 'refused');
	assert.ok(existsSync(path.join(folder, 'audio.wav')));
});
