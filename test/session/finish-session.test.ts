import assert from 'node:assert/strict';
import {appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {exportSession} from '../../src/session/export-session.js';
import {finishSession} from '../../src/session/finish-session.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {readSessionRecord} from '../../src/session/session-folder.js';
import {loadTranscript} from '../../src/session/transcript.js';
import {temporaryFolder} from '../temporary-folder.js';
import {numberedEntries} from './entries.js';
import {makeSession} from './session-fixture.js';

const entries: JournalEntry[] = numberedEntries(9);

test('a finished session has its transcript, says so, and keeps its audio', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries});
	const {transcriptFile} = await finishSession(folder);
	assert.equal(transcriptFile, path.join(folder, 'transcript.md'));
	const record = await readSessionRecord(folder);
	assert.equal(record.state, 'stopped');
	assert.deepEqual(record.tape, {sampleRate: 1000, nSamples: 60_000});
	assert.equal(record.nWords, (await loadTranscript(folder)).nWords);
	assert.equal(record.isAudioDeleted, undefined);
	assert.equal(readFileSync(transcriptFile, 'utf8'), exportSession(await loadTranscript(folder), 'md'));
	assert.ok(!readFileSync(transcriptFile, 'utf8').includes('ends early'));
	assert.deepEqual(readdirSync(folder).sort(), ['audio.wav', 'journal.jsonl', 'session.json', 'transcript.md']);
	for (const name of ['session.json', 'transcript.md']) {
		assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600);
	}
});

test('the audio is deleted when that is wanted, after the transcript is there, and the record says so', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries});
	const {keptAudio} = await finishSession(folder, 'until-transcribed');
	assert.equal(keptAudio, undefined);
	assert.ok(!existsSync(path.join(folder, 'audio.wav')));
	const record = await readSessionRecord(folder);
	assert.equal(record.isAudioDeleted, true);
	assert.deepEqual(record.tape, {sampleRate: 1000, nSamples: 60_000});
	assert.equal((await loadTranscript(folder)).durationMs, 60_000);
	await finishSession(folder, 'until-transcribed');
	assert.deepEqual(await readSessionRecord(folder), record);
});

test('a transcript that cannot be written costs no audio', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries});
	mkdirSync(path.join(folder, 'transcript.md', 'in the way'), {recursive: true});
	await assert.rejects(finishSession(folder, 'until-transcribed'));
	assert.ok(existsSync(path.join(folder, 'audio.wav')));
	assert.equal((await readSessionRecord(folder)).state, 'recording');
	rmSync(path.join(folder, 'transcript.md'), {recursive: true});
	await finishSession(folder, 'until-transcribed');
	assert.ok(!existsSync(path.join(folder, 'audio.wav')));
});

test('damage in the journal keeps the audio, which has what it said', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries});
	appendFileSync(path.join(folder, 'journal.jsonl'), '{"type":"fin\n{"type":"mark","atSample":1,"wallMs":1}\n');
	const {keptAudio} = await finishSession(folder, 'until-transcribed');
	assert.match(keptAudio!, /was kept: 1 lines of its journal are damaged/);
	assert.ok(existsSync(path.join(folder, 'audio.wav')));
	assert.equal((await readSessionRecord(folder)).state, 'stopped');
});

test('a session without a tape is finished too', async t => {
	const folder = await makeSession(temporaryFolder(t), {title: 'Standup', entries, seconds: 0});
	await finishSession(folder);
	assert.equal((await readSessionRecord(folder)).state, 'stopped');
});
