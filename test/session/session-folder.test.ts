import assert from 'node:assert/strict';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {SessionError} from '../../src/session/session-error.js';
import {createSession, readSessionRecord, writeSessionRecord} from '../../src/session/session-folder.js';
import {temporaryFolder} from '../temporary-folder.js';

test('a session is a folder for its owner alone, named by local date and time', async t => {
	const sessions = path.join(temporaryFolder(t), 'share', 'sessions');
	const {folder, record} = await createSession(sessions, {
		title: 'Standup',
		startedAt: new Date(2026, 10, 25, 9, 30, 0),
	});
	assert.match(record.id, /^2026-11-25_09-30-00_[0-9a-f]{4}$/);
	assert.equal(folder, path.join(sessions, record.id));
	assert.equal(record.state, 'recording');
	for (const made of [path.dirname(sessions), sessions, folder]) assert.equal(statSync(made).mode & 0o777, 0o700);
	assert.equal(statSync(path.join(folder, 'session.json')).mode & 0o777, 0o600);
	assert.deepEqual(await readSessionRecord(folder), record);
});

test('sessions that begin in the same second have folders of their own', async t => {
	const sessions = temporaryFolder(t);
	const startedAt = new Date();
	for (let i = 0; i < 50; i++) await createSession(sessions, {title: `${i}`, startedAt});
	assert.equal(readdirSync(sessions).length, 50);
});

test('a session record is rewritten whole and leaves nothing beside it', async t => {
	const {folder, record} = await createSession(temporaryFolder(t), {title: 'a'});
	await writeSessionRecord(folder, {...record, title: 'ü "b"\n', state: 'stopped'});
	assert.deepEqual(readdirSync(folder), ['session.json']);
	assert.deepEqual(await readSessionRecord(folder), {...record, title: 'ü "b"\n', state: 'stopped'});
	assert.equal(statSync(path.join(folder, 'session.json')).mode & 0o777, 0o600);
});

test('a folder without a session is one sentence, and so is a damaged record', async t => {
	const sessions = temporaryFolder(t);
	await assert.rejects(
		readSessionRecord(path.join(sessions, 'none')),
		error => error instanceof SessionError && error.code === 'not-found',
	);
	const {folder} = await createSession(sessions, {title: 'a'});
	const file = path.join(folder, 'session.json');
	const text = readFileSync(file, 'utf8');
	for (const damage of ['', text.slice(0, 20), text.replace('"formatVersion": 1', '"formatVersion": 2'), '[]']) {
		writeFileSync(file, damage);
		await assert.rejects(
			readSessionRecord(folder),
			error => error instanceof SessionError && error.code === 'damaged' && error.message.includes(file),
		);
	}
});
