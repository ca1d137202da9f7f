import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, truncateSync, watch, writeFileSync} from 'node:fs';
import {cp, mkdir} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {openAudio} from '../../src/audio/open-audio.js';
import {startEngine} from '../../src/engine/client.js';
import {framesPerCall} from '../../src/engine/latency.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {loadJournal} from '../../src/session/journal-reader.js';
import type {Segment} from '../../src/session/segment.js';
import {readSessionRecord} from '../../src/session/session-folder.js';
import {projectRoot} from '../project-root.js';
import {temporaryFolder} from '../temporary-folder.js';
import {command} from './command.js';
import {type Ended, newUser, type User} from './session-host.js';

// Import, recover and redo with the embedded model on real recordings.

/** Half a minute of speech is enough to be cut in, and is captioned many times here. */
const speech = path.join(temporaryFolder({after}), 'speech.wav');
writeSpeech(30);

function writeSpeech(seconds: number): void {
	const bytes = readFileSync(path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav'));
	const cut = bytes.subarray(0, 44 + seconds * 32_000);
	cut.writeUInt32LE(cut.length - 8, 4);
	cut.writeUInt32LE(cut.length - 44, 40);
	writeFileSync(speech, cut);
}

const modelDir = path.join(projectRoot, 'models', 'embedded');

/** What the engine says of the recording by itself, and a session that was made of it. */
let oracle: Segment[];
let importedFolder: string;
let imported: Ended;

const importer = newUser({after});

before(async () => {
	oracle = [];
	const engine = await startEngine({modelDir, threads: 1, framesPerCall: framesPerCall.saver});
	const source = await openAudio(speech, {sampleRate: engine.sampleRate});
	for await (const event of engine.captions(source)) if (event.type === 'final') oracle.push(event.segment);
	await engine.close();
	imported = await importer.run(['import', speech, '--title', 'Speech', '--threads', '1']);
	importedFolder = onlySession(importer);
});

/** A session of the recording, imported. */
async function importedSession(user: User): Promise<string> {
	const folder = path.join(user.sessionsFolder, path.basename(importedFolder));
	await cp(importedFolder, folder, {recursive: true});
	return folder;
}

const onlySession = (user: User) => {
	const [id, ...others] = readdirSync(user.sessionsFolder);
	assert.deepEqual(others, []);
	return path.join(user.sessionsFolder, id!);
};

async function finalsOf(file: string): Promise<Segment[]> {
	return (await loadJournal(file)).entries.flatMap(entry => (entry.type === 'final' ? [entry.segment] : []));
}

test('an imported recording has the captions of transcribe, its samples, and a transcript', async () => {
	const {code, stdout} = imported;
	const folder = importedFolder;
	assert.equal(code, 0);
	assert.match(stdout, new RegExp(`^${path.basename(folder)}  0:30  \\d+ words  Speech\n$`));
	assert.deepEqual(await finalsOf(path.join(folder, 'journal.jsonl')), oracle);
	const samples = readFileSync(speech).subarray(44);
	assert.ok(readFileSync(path.join(folder, 'audio.wav')).subarray(80).equals(samples));
	const record = await readSessionRecord(folder);
	assert.deepEqual([record.state, record.importedFrom], ['stopped', 'speech.wav']);
	assert.deepEqual(readdirSync(folder).sort(), ['audio.wav', 'journal.jsonl', 'session.json', 'transcript.md']);
});

test('an import keeps no audio where the settings say so, and then nothing is captioned again', async t => {
	const user = newUser(t, {keepAudio: 'until-transcribed'});
	await user.run(['import', path.join(projectRoot, 'models/demo/jfk.wav')]);
	const folder = onlySession(user);
	assert.deepEqual(readdirSync(folder).sort(), ['journal.jsonl', 'session.json', 'transcript.md']);
	assert.match((await user.run(['show', 'last'])).stdout, /Length +0:11[\s\S]*Audio +deleted after/);
	const {code, stderr} = await user.run(['redo', 'last', '--model', 'embedded']);
	assert.equal(code, 1);
	assert.match(stderr, /its audio was deleted after the transcript was written/);
});

test('what cannot be imported leaves nothing', async t => {
	const user = newUser(t);
	const text = path.join(temporaryFolder(t), 'a.wav');
	writeFileSync(text, 'this is no recording');
	for (const [args, code] of [
		[[text], 1],
		[[`${text}.none`], 1],
		[[speech, '--model', 'none'], 2],
	] as const) {
		const ended = await user.run(['import', ...args]);
		assert.equal(ended.code, code);
		assert.match(ended.stderr, /^[^\n]+\n$/);
	}
	assert.deepEqual(existsSync(user.sessionsFolder) ? readdirSync(user.sessionsFolder) : [], []);
});

/** Runs `args` as a process that is so slow that it can be killed, and kills it when `file` in the one session has `count` finals. `beforeKill` sees it alive. */
async function killAt(
	user: User,
	args: readonly string[],
	file: string,
	count: number,
	beforeKill: (pid: number) => void = () => {},
): Promise<string> {
	const home = path.join(temporaryFolderOf(user), 'home');
	await mkdir(path.join(home, 'pi-caption'), {recursive: true});
	await cp(path.join(user.configFolder, 'settings.json'), path.join(home, 'pi-caption', 'settings.json'));
	await mkdir(user.sessionsFolder, {recursive: true});
	const child = spawn(process.execPath, [command, ...args], {
		env: {
			...process.env,
			...Object.fromEntries(['CONFIG', 'DATA', 'STATE', 'CACHE'].map(name => [`XDG_${name}_HOME`, home])),
			PI_CAPTION_SLOW_RTF: '0.2:60',
		},
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	const watcher = watch(user.sessionsFolder, {recursive: true}, () => {
		const [id] = readdirSync(user.sessionsFolder);
		const journal = path.join(user.sessionsFolder, id!, file);
		if (!existsSync(journal)) return;
		const finals = readFileSync(journal, 'utf8').match(/"type":"final"/g)?.length ?? 0;
		if (finals < count || child.killed) return;
		beforeKill(child.pid!);
		child.kill('SIGKILL');
	});
	const [, signal] = await once(child, 'exit');
	watcher.close();
	assert.equal(signal, 'SIGKILL');
	return onlySession(user);
}

const temporaryFolderOf = (user: User) => path.dirname(user.sessionsFolder);

/** No final of `before` is changed, none is said twice, and away from the cut the words are those of the oracle. */
function assertResumed(before: readonly Segment[], after: readonly Segment[]): void {
	assert.deepEqual(after.slice(0, before.length), before);
	assert.deepEqual(
		after.map(({segmentId}) => segmentId),
		after.map((_, i) => i),
	);
	const words = after.flatMap(segment => segment.words);
	const starts = words.map(({startMs}) => startMs);
	assert.deepEqual(
		starts,
		[...starts].sort((a, b) => a - b),
	);
	const cutMs = before.at(-1)?.endMs ?? 0;
	const missing = oracle
		.flatMap(segment => segment.words)
		.filter(({startMs}) => Math.abs(startMs - cutMs) > 2000)
		.filter(word => !words.some(({startMs}) => Math.abs(startMs - word.startMs) <= 500));
	assert.deepEqual(missing, []);
}

test('an import that was killed is made whole by recover', async t => {
	const user = newUser(t);
	const folder = await killAt(user, ['import', speech], 'journal.jsonl', 2);
	const journal = path.join(folder, 'journal.jsonl');
	const before = await finalsOf(journal);
	assert.ok(before.length >= 2 && before.length < oracle.length);
	assert.match((await user.run(['sessions'])).stdout, / interrupted /);
	assert.match((await user.run(['show', 'last'])).stdout, /interrupted/);
	const early = await user.run(['redo', 'last', '--model', 'embedded']);
	assert.match(early.stderr, /run `pi-caption recover/);

	const {code, stdout} = await user.run(['recover']);
	assert.equal(code, 0);
	assert.match(stdout, /0:30 with \d+ words, \d+ of its captions new: .*transcript\.md\n$/);
	assertResumed(before, await finalsOf(journal));
	assert.equal((await readSessionRecord(folder)).state, 'stopped');
	assert.deepEqual(readdirSync(folder).sort(), ['audio.wav', 'journal.jsonl', 'session.json', 'transcript.md']);
	assert.match((await user.run(['recover'])).stdout, /No session was interrupted/);
	assert.match((await user.run(['recover', 'last'])).stdout, /nothing to recover/);
});

/** A session as a crash leaves it: header open, a torn last line, and what was heard until then. */
async function crashedSession(user: User, change: (entries: JournalEntry[]) => JournalEntry[]): Promise<string> {
	const folder = await importedSession(user);
	const record = await readSessionRecord(folder);
	const journal = path.join(folder, 'journal.jsonl');
	const {entries} = await loadJournal(journal);
	const lines = change(entries).map(entry => `${JSON.stringify(entry)}\n`);
	writeFileSync(journal, `${lines.join('')}{"type":"final","atSample":1,"wal`);
	const {tape: _tape, nWords: _nWords, ...rest} = record;
	writeFileSync(path.join(folder, 'session.json'), JSON.stringify({...rest, state: 'recording'}));
	const tape = path.join(folder, 'audio.wav');
	const bytes = readFileSync(tape);
	bytes.writeUInt32LE(0xffffffff, 4);
	bytes.writeUInt32LE(0xffffffff, 76);
	writeFileSync(tape, bytes);
	return folder;
}

test('recovery closes the header, drops the torn line alone, and takes gaps for what they are', async t => {
	const user = newUser(t);
	const gap: JournalEntry = {type: 'gap', atSample: 15 * 16_000, wallMs: 0, lostMs: 5000, why: 'device'};
	const folder = await crashedSession(user, entries => [...entries.slice(0, 2), gap]);
	const journal = path.join(folder, 'journal.jsonl');
	const before = await finalsOf(journal);
	assert.equal((await user.run(['recover', 'last', '--threads', '1'])).code, 0);
	assert.equal(readFileSync(path.join(folder, 'audio.wav')).readUInt32LE(76), readFileSync(speech).length - 44);
	const {entries, nDamaged, isTorn} = await loadJournal(journal);
	assert.deepEqual([nDamaged, isTorn], [0, false]);
	assert.deepEqual(entries.at(-1)?.type, 'state');
	const after = await finalsOf(journal);
	assert.deepEqual(after.slice(0, before.length), before);
	// A gap ends what was heard before it: no caption reaches over it.
	assert.ok(after.some(({startMs}) => startMs > 15_000));
	assert.deepEqual(
		after.filter(({words}) => words.some(w => w.startMs < 15_000) && words.some(w => w.startMs >= 15_000)),
		[],
	);
	assert.match(readFileSync(path.join(folder, 'transcript.md'), 'utf8'), /not recorded for 0:05 \(no microphone\)/);
});

test('a recovery that is interrupted keeps its finals, and the next goes on', async t => {
	const user = newUser(t);
	const folder = await crashedSession(user, entries => entries.slice(0, 1));
	const journal = path.join(folder, 'journal.jsonl');
	const stopped = await user.run(['recover', '--threads', '1'], {}, host => {
		const {startEngine} = host;
		host.startEngine = async options => {
			const engine = await startEngine(options);
			return {
				...engine,
				async *captions(source, captionOptions) {
					let nFinals = 0;
					for await (const event of engine.captions(source, captionOptions)) {
						yield event;
						if (event.type === 'final' && ++nFinals === 2) host.controller.abort();
					}
				},
			};
		};
	});
	assert.equal(stopped.code, 130);
	const before = await finalsOf(journal);
	assert.equal(before.length, 2);
	assert.equal((await readSessionRecord(folder)).state, 'recording');
	assert.equal((await user.run(['recover', '--threads', '1'])).code, 0);
	assertResumed(before, await finalsOf(journal));
});

test('a model that is not here any more is said, and another one takes its place when it is named', async t => {
	const user = newUser(t);
	const gone = (entry: JournalEntry): JournalEntry =>
		entry.type === 'model' ? {...entry, id: 'gone', name: 'Gone'} : entry;
	const folder = await crashedSession(user, entries => entries.slice(0, 3).map(gone));
	const before = readdirSync(folder);
	const {code, stderr} = await user.run(['recover']);
	assert.equal(code, 1);
	assert.match(stderr, /`gone`/);
	assert.equal((await readSessionRecord(folder)).state, 'recording');
	assert.deepEqual(readdirSync(folder), before);
	assert.equal((await user.run(['recover', '--model', 'embedded', '--threads', '1'])).code, 0);
	const front = readFileSync(path.join(folder, 'transcript.md'), 'utf8').split('---')[1]!;
	assert.match(front, /^model: "Embedded[\s\S]*^earlier models:\n {2}- "Gone \(8-bit\)"$/m);
});

test('a session without any audio is recovered to what its journal has', async t => {
	const user = newUser(t);
	const folder = await crashedSession(user, entries => entries.slice(0, 3));
	truncateSync(path.join(folder, 'audio.wav'), 80);
	const before = await finalsOf(path.join(folder, 'journal.jsonl'));
	assert.equal((await user.run(['recover'])).code, 0);
	assert.deepEqual(await finalsOf(path.join(folder, 'journal.jsonl')), before);
});

test('redo puts transcripts beside the first and never over one', async t => {
	const user = newUser(t);
	const folder = await importedSession(user);
	const untouched = ['audio.wav', 'journal.jsonl', 'transcript.md', 'session.json'];
	const before = untouched.map(name => readFileSync(path.join(folder, name), 'utf8'));
	for (const number of [1, 2]) {
		const {code, stdout, host} = await user.run(['redo', 'last', '--model', 'embedded', '--threads', '1']);
		assert.equal(code, 0);
		assert.equal(host.waysGiven, 1);
		assert.match(
			stdout,
			new RegExp(`transcript embedded-${number}, 0:30 with \\d+ words: .*transcript-embedded-${number}\\.md`),
		);
		assert.deepEqual(await finalsOf(path.join(folder, `redo-embedded-${number}.jsonl`)), oracle);
	}
	assert.deepEqual(
		untouched.map(name => readFileSync(path.join(folder, name), 'utf8')),
		before,
	);
	assert.match(
		(await user.run(['export', 'last', '--transcript', 'embedded-2'])).stdout,
		/^transcript: "embedded-2"$/m,
	);
});

test('a redo goes behind every other program; one that was killed is gone on with, and its transcript says until then that it ends early', async t => {
	const user = newUser(t);
	await importedSession(user);
	const niceness = new Set<number>();
	const folder = await killAt(user, ['redo', 'last', '--model', 'embedded'], 'redo-embedded-1.jsonl', 2, pid => {
		for (const thread of readdirSync(`/proc/${pid}/task`)) niceness.add(os.getPriority(Number(thread)));
	});
	assert.deepEqual([...niceness], [15]);
	const file = path.join(folder, 'redo-embedded-1.jsonl');
	const before = await finalsOf(file);
	assert.match((await user.run(['export', 'last', '--transcript', 'embedded-1'])).stdout, /ends early/);
	assert.equal((await user.run(['redo', 'last', '--model', 'embedded', '--threads', '1'])).code, 0);
	assertResumed(before, await finalsOf(file));
	assert.doesNotMatch((await user.run(['export', 'last', '--transcript', 'embedded-1'])).stdout, /ends early/);
	assert.equal(readdirSync(folder).filter(name => name.startsWith('redo-')).length, 1);
});
