import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statfsSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {continueJournal, createJournal, repairJournal} from '../../src/session/journal.js';
import {loadJournal, readJournal} from '../../src/session/journal-reader.js';
import {SessionError} from '../../src/session/session-error.js';
import {missing} from '../cli/command.js';
import {projectRoot} from '../project-root.js';
import {temporaryFolder} from '../temporary-folder.js';
import {numberedEntries, numberedEntry} from './entries.js';
import {seed, seededRandom} from './hostile-text.js';

const fileIn = (t: TestContext) => path.join(temporaryFolder(t), 'journal.jsonl');
const lineOf = (i: number) => `${JSON.stringify(numberedEntry(i))}\n`;
const textOf = (count: number) =>
	numberedEntries(count)
		.map((_, i) => lineOf(i))
		.join('');

/** A journal with `count` entries, closed. */
async function closedJournal(t: TestContext, count: number): Promise<string> {
	const file = fileIn(t);
	const writer = await createJournal(file);
	for (let i = 0; i < count; i++) void writer.append(numberedEntry(i));
	await writer.close();
	return file;
}

test('a journal has its first megabyte on the disk before it has an entry, and is for its owner alone', async t => {
	const file = fileIn(t);
	const writer = await createJournal(file);
	const {size, blocks, mode} = statSync(file);
	assert.equal(size, 1 << 20);
	assert.ok(blocks * 512 >= size);
	assert.equal(mode & 0o777, 0o600);
	assert.deepEqual(await loadJournal(file), {entries: [], endByte: 0, nDamaged: 0, isTorn: false});
	await writer.close();
	assert.equal(statSync(file).size, 0);
});

test('a journal is never begun over another, and begins over what a dead beginner left', async t => {
	const file = await closedJournal(t, 1);
	await assert.rejects(createJournal(file), error => error instanceof SessionError && error.code === 'exists');
	assert.equal(readFileSync(file, 'utf8'), lineOf(0));
	writeFileSync(`${file}.2.new`, 'left');
	await (await createJournal(`${file}.2`)).close();
	assert.deepEqual(readdirSync(path.dirname(file)).sort(), ['journal.jsonl', 'journal.jsonl.2']);
});

test('what was appended is read back, in order, while it is written and after', async t => {
	const file = fileIn(t);
	const writer = await createJournal(file);
	for (let i = 0; i < 300; i++) void writer.append(numberedEntry(i));
	await writer.settled();
	assert.deepEqual((await loadJournal(file)).entries, numberedEntries(300));
	assert.equal((await loadJournal(file)).endByte, writer.bytes);
	await writer.close();
	assert.equal(readFileSync(file, 'utf8'), textOf(300));
});

test('a reader reads the first bytes of a journal, and goes on behind them', async t => {
	const file = fileIn(t);
	const writer = await createJournal(file);
	for (let i = 0; i < 20; i++) await writer.append(numberedEntry(i));
	const {bytes} = writer;
	for (let i = 20; i < 50; i++) await writer.append(numberedEntry(i));
	const first = await loadJournal(file, {toByte: bytes});
	assert.deepEqual(first.entries, numberedEntries(20));
	const second = await loadJournal(file, {fromByte: first.endByte});
	assert.deepEqual(second.entries, numberedEntries(50).slice(20));
	assert.equal(second.endByte, writer.bytes);
	await writer.close();
});

test('lines tell their bytes', async t => {
	const file = await closedJournal(t, 30);
	const bytes = readFileSync(file);
	let at = 0;
	for await (const line of readJournal(file)) {
		assert.equal(line.startByte, at);
		assert.deepEqual(JSON.parse(bytes.toString('utf8', line.startByte, line.endByte)), line.entry);
		at = line.endByte;
	}
	assert.equal(at, bytes.length);
});

test('a journal that was cut at any byte of its last line loses that line alone, and goes on', async t => {
	const file = await closedJournal(t, 6);
	const whole = readFileSync(file);
	const lastStart = Buffer.byteLength(textOf(5));
	for (let cut = lastStart; cut <= whole.length; cut++) {
		// Without its line feed an entry is whole.
		const kept = cut >= whole.length - 1 ? 6 : 5;
		writeFileSync(file, whole.subarray(0, cut));
		const read = await loadJournal(file);
		assert.deepEqual(read.entries, numberedEntries(kept));
		assert.equal(read.isTorn, kept === 5 && cut > lastStart);
		assert.equal(read.nDamaged, 0);

		const {writer, journal} = await continueJournal(file);
		assert.deepEqual(journal.entries, numberedEntries(kept));
		await writer.append(numberedEntry(7));
		await writer.close();
		assert.equal(readFileSync(file, 'utf8'), textOf(kept) + lineOf(7));

		writeFileSync(file, whole.subarray(0, cut));
		await repairJournal(file);
		assert.equal(readFileSync(file, 'utf8').trimEnd(), textOf(kept).trimEnd());
	}
});

test('an entry that was torn among line feeds is dropped, and the next one takes its place', async t => {
	const file = fileIn(t);
	const [first, second] = [Buffer.from(lineOf(0)), Buffer.from(lineOf(1))];
	for (let cut = 1; cut < second.length - 1; cut += 11) {
		writeFileSync(file, Buffer.concat([first, second.subarray(0, cut), Buffer.alloc(5000, '\n')]));
		const {writer, journal} = await continueJournal(file);
		assert.deepEqual(journal.entries, numberedEntries(1));
		assert.ok(journal.isTorn);
		const tail = readFileSync(file).subarray(writer.bytes);
		assert.ok(tail.length >= 1 << 20 && tail.every(byte => byte === 10));
		await writer.close();
	}
});

test('a damaged line in the middle is told and costs no other', async t => {
	const file = await closedJournal(t, 9);
	const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
	for (const damage of [
		'{"type":"fin',
		'x',
		'{}',
		'[1]',
		'null',
		'{"type":"sideways"}',
		'\0\0\0x',
		'"'.repeat(70_000),
	]) {
		writeFileSync(file, `${lines.with(4, damage).join('\n')}\n`);
		const {entries, nDamaged, isTorn} = await loadJournal(file);
		assert.deepEqual(entries, numberedEntries(9).toSpliced(4, 1));
		assert.deepEqual({nDamaged, isTorn}, {nDamaged: 1, isTorn: false});
		const before = readFileSync(file, 'utf8');
		await repairJournal(file);
		assert.equal(readFileSync(file, 'utf8'), before);
	}
});

test('what a file system left unwritten is blank', async t => {
	const file = fileIn(t);
	writeFileSync(file, `${lineOf(0)}${'\0'.repeat(9000)}\n\n \n${'\0'.repeat(10)}${lineOf(1)}${'\0'.repeat(5000)}`);
	assert.deepEqual((await loadJournal(file)).entries, numberedEntries(2));
});

test('a line without an end is damage, not memory', async t => {
	const file = fileIn(t);
	writeFileSync(file, `${lineOf(0)}${'x'.repeat(20 << 20)}\n${lineOf(1)}`);
	const {entries, nDamaged} = await loadJournal(file);
	assert.deepEqual(entries, numberedEntries(2));
	assert.equal(nDamaged, 1);
});

test(`random damage costs the entries that it hit and no others (SEED=${seed})`, async t => {
	const random = seededRandom(seed);
	const file = await closedJournal(t, 40);
	const whole = readFileSync(file);
	for (let round = 0; round < 150; round++) {
		const bytes = Buffer.from(whole);
		const from = Math.floor(random() * bytes.length);
		const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 300));
		for (let i = from; i < to; i++) bytes[i] = Math.floor(random() * 256);
		writeFileSync(file, bytes);
		const found = (await loadJournal(file)).entries.map(entry => JSON.stringify(entry));
		let start = 0;
		for (let i = 0; i < 40; i++) {
			const end = start + Buffer.byteLength(lineOf(i));
			// The line feed before an entry is a part of it: without it, both are one line.
			if (end <= from || start > to) assert.ok(found.includes(JSON.stringify(numberedEntry(i))), `entry ${i}`);
			start = end;
		}
		if (round % 5 > 0) continue;
		const {writer} = await continueJournal(file);
		await writer.append(numberedEntry(99));
		await writer.close();
		assert.deepEqual((await loadJournal(file)).entries.at(-1), numberedEntry(99));
	}
});

test('a journal that is continued has a megabyte in advance again', async t => {
	const file = await closedJournal(t, 3);
	const {writer} = await continueJournal(file);
	assert.ok(statSync(file).size >= writer.bytes + (1 << 20));
	void writer.append(numberedEntry(3));
	await writer.close();
	assert.equal(readFileSync(file, 'utf8'), textOf(4));
});

test('a journal that is missing is begun', async t => {
	const {writer, journal} = await continueJournal(fileIn(t));
	assert.deepEqual(journal.entries, []);
	await writer.close();
});

test('no entry is lost that was saved when the writer is killed', async t => {
	const program = path.join(projectRoot, 'build', 'test', 'session', 'append-journal.js');
	for (let kill = 0; kill < 8; kill++) {
		const file = fileIn(t);
		const child = spawn(process.execPath, [program, file], {stdio: ['ignore', 'pipe', 'inherit']});
		let saved = -1;
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			saved = Number(text.trim().split('\n').at(-1));
			if (saved > 20 + 37 * kill) child.kill('SIGKILL');
		});
		await once(child, 'close');
		const {writer, journal} = await continueJournal(file);
		assert.ok(journal.entries.length > saved, `${journal.entries.length} entries, ${saved} saved`);
		assert.deepEqual(journal.entries, numberedEntries(journal.entries.length));
		await writer.close();
	}
});

test('nothing is said to be saved before a sync behind its write has returned', {skip: missing('strace')}, t => {
	const folder = temporaryFolder(t);
	const trace = path.join(folder, 'trace');
	const program = path.join(projectRoot, 'build', 'test', 'session', 'save-entries.js');
	const calls = 'trace=pwrite64,write,fdatasync,fsync,rename';
	const args = [
		'-f',
		'-s',
		'80',
		'-e',
		calls,
		'-o',
		trace,
		process.execPath,
		program,
		path.join(folder, 'journal.jsonl'),
	];
	assert.equal(spawnSync('strace', args).status, 0);
	const lines = readFileSync(trace, 'utf8').split('\n');
	const after = (from: number, pattern: RegExp) => {
		const found = lines.findIndex((line, i) => i > from && pattern.test(line));
		assert.ok(found > from, `${pattern} after line ${from}`);
		return found;
	};
	// The first megabyte, then the name, then the folder that has it.
	let at = after(after(after(-1, /fdatasync.*= 0$/), /rename\(.*\.new/), /fsync.*= 0$/);
	for (let i = 0; i < 10; i++) {
		const written = after(at, new RegExp(`pwrite64\\(.*atSample\\\\":${i},`));
		const saved = after(at, new RegExp(`write\\(1, "saved ${i}`));
		const synced = after(after(written, /fdatasync\(/) - 1, /fdatasync.*= 0$/);
		assert.ok(synced < saved, `entry ${i} was said to be saved before it was`);
		at = saved;
	}
});

/** A small file system of its own; undefined where the test may not mount one. */
function smallDisk(t: TestContext, size: string): string | undefined {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-disk-'));
	const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
	t.after(() => {
		if (mounted.status === 0) spawnSync('umount', [folder]);
		rmSync(folder, {recursive: true, force: true});
	});
	return mounted.status === 0 ? folder : undefined;
}

test('a full disk takes entries into the megabyte that the journal has, and more when there is space', async t => {
	const folder = smallDisk(t, '2m');
	// The writer's own tests have a full disk for everybody.
	if (folder === undefined) return t.skip('only root may mount');
	const file = path.join(folder, 'journal.jsonl');
	const health: string[] = [];
	const writer = await createJournal(file, {retryEveryMs: 20, onHealth: now => health.push(now)});
	const filler = path.join(folder, 'filler');
	const {bsize, bfree} = statfsSync(folder);
	writeFileSync(filler, Buffer.alloc(bsize * bfree));
	assert.equal(statfsSync(folder).bfree, 0);
	let saved = 0;
	let i = 0;
	for (; health.length === 0; i++) {
		void writer.append(numberedEntry(i)).then(() => saved++);
		await writer.settled();
	}
	assert.deepEqual(health, ['refused']);
	assert.ok(saved > 1000);
	assert.equal(writer.unsaved.length, i - saved);
	assert.deepEqual((await loadJournal(file, {toByte: writer.bytes})).entries, numberedEntries(saved));

	const last = writer.append(numberedEntry(i++));
	truncateSync(filler, 0);
	rmSync(filler);
	await last;
	assert.deepEqual(health, ['refused', 'ok']);
	await writer.close();
	assert.deepEqual((await loadJournal(file)).entries, numberedEntries(i));
});
