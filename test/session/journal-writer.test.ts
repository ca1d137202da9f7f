import assert from 'node:assert/strict';
import {afterEach, beforeEach, mock, test} from 'node:test';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {fill, JournalWriter, preallocatedBytes} from '../../src/session/journal-writer.js';
import {SessionError} from '../../src/session/session-error.js';
import {numberedEntries, numberedEntry} from './entries.js';
import {settle} from './fake-disk.js';
import {FakeJournalDisk} from './fake-journal-disk.js';

beforeEach(() => mock.timers.enable({apis: ['setTimeout']}));
afterEach(() => mock.timers.reset());

/** A writer on a fake disk of `capacity` bytes, with what it says and the order in which entries were saved. */
async function begin(capacity = Number.POSITIVE_INFINITY) {
	const disk = new FakeJournalDisk();
	disk.capacity = capacity;
	const allocated = await fill(disk, 0, preallocatedBytes);
	const health: string[] = [];
	const saved: number[] = [];
	const writer = new JournalWriter(disk, 0, allocated, {
		onHealth: (now, error) => health.push(error ? `${now}: ${(error as Error).message}` : now),
	});
	const append = (i: number) => void writer.append(numberedEntry(i)).then(() => saved.push(i));
	return {disk, writer, health, saved, append};
}

const entriesOf = (bytes: Buffer): JournalEntry[] =>
	bytes
		.toString()
		.split('\n')
		.filter(line => line !== '')
		.map(line => JSON.parse(line));

test('an entry is saved when a sync after its write has returned', async () => {
	const {disk, writer} = await begin();
	await writer.append(numberedEntry(0));
	assert.deepEqual(entriesOf(disk.synced), [numberedEntry(0)]);
	assert.equal(writer.bytes, Buffer.byteLength(JSON.stringify(numberedEntry(0))) + 1);
	assert.deepEqual(writer.unsaved, []);
});

test('entries that come together share a sync and are saved in order', async () => {
	const {disk, writer, saved, append} = await begin();
	const before = disk.nSyncs;
	for (let i = 0; i < 100; i++) append(i);
	await writer.settled();
	assert.deepEqual(
		saved,
		Array.from({length: 100}, (_, i) => i),
	);
	assert.deepEqual(entriesOf(disk.synced), numberedEntries(100));
	assert.equal(disk.nSyncs - before, 2);
});

test('entries take the place of line feeds: the file does not grow', async () => {
	const {disk, writer, append} = await begin();
	assert.equal(disk.bytes.length, preallocatedBytes);
	for (let i = 0; i < 1000; i++) append(i);
	await writer.settled();
	assert.equal(disk.bytes.length, preallocatedBytes);
});

test('more is put down before the first megabyte is full', async () => {
	const {disk, writer, append} = await begin();
	for (let i = 0; i < 4000; i++) append(i);
	await writer.settled();
	assert.ok(writer.bytes > preallocatedBytes);
	assert.ok(disk.bytes.length - writer.bytes >= preallocatedBytes / 4);
	assert.deepEqual(entriesOf(disk.synced), numberedEntries(4000));
});

test('a full disk takes entries while it has line feeds to give', async () => {
	const {disk, writer, health, saved, append} = await begin(300_000);
	assert.equal(disk.bytes.length, 300_000);
	for (let i = 0; i < 500; i++) append(i);
	await writer.settled();
	assert.equal(saved.length, 500);
	assert.deepEqual(health, []);
});

test('what a full disk refuses is unsaved, is tried again, and is saved in order when there is space', async () => {
	const {disk, writer, health, saved, append} = await begin(3000);
	for (let i = 0; i < 40; i++) append(i);
	await writer.settled();
	assert.deepEqual(health, ['refused: ENOSPC']);
	assert.ok(writer.isRefused);
	assert.equal(writer.unsaved.length, 40 - saved.length);
	const nSaved = saved.length;
	append(40);
	mock.timers.tick(1000);
	await settle();
	assert.equal(saved.length, nSaved);
	assert.deepEqual(health, ['refused: ENOSPC']);

	disk.capacity = Number.POSITIVE_INFINITY;
	mock.timers.tick(1000);
	await settle();
	assert.deepEqual(
		saved,
		Array.from({length: 41}, (_, i) => i),
	);
	assert.deepEqual(health, ['refused: ENOSPC', 'ok']);
	assert.deepEqual(entriesOf(disk.synced), numberedEntries(41));
});

test('what a failed sync may have dropped is written again at the same place', async () => {
	const {disk, writer, saved, append} = await begin();
	append(0);
	await writer.settled();
	const {bytes} = writer;
	disk.refusal.sync = new Error('EIO');
	append(1);
	await writer.settled();
	assert.deepEqual(saved, [0]);
	assert.equal(writer.bytes, bytes);
	disk.bytes.fill('\n', bytes);
	delete disk.refusal.sync;
	append(2);
	mock.timers.tick(1000);
	await settle();
	assert.deepEqual(saved, [0, 1, 2]);
	assert.deepEqual(entriesOf(disk.synced), numberedEntries(3));
});

test('a disk that takes a few bytes at a time takes whole entries', async () => {
	const {disk, writer, append} = await begin();
	disk.maxWriteBytes = 7;
	for (let i = 0; i < 5; i++) append(i);
	await writer.settled();
	assert.deepEqual(entriesOf(disk.synced), numberedEntries(5));
});

test('a closed journal is cut to its entries', async () => {
	const {disk, writer, append} = await begin();
	append(0);
	append(1);
	assert.deepEqual(await writer.close(), []);
	assert.ok(disk.isClosed);
	assert.equal(disk.bytes.toString(), `${[0, 1].map(i => JSON.stringify(numberedEntry(i))).join('\n')}\n`);
	assert.throws(() => writer.append(numberedEntry(2)), /closed/);
});

test('closing tries once more, and gives back what the disk refuses even then', async () => {
	const {disk, writer} = await begin();
	disk.refusal.write = new Error('EIO');
	const refused = writer.append(numberedEntry(0));
	await writer.settled();
	delete disk.refusal.write;
	assert.deepEqual(await writer.close(), []);
	await refused;
	assert.deepEqual(entriesOf(disk.bytes), [numberedEntry(0)]);

	const second = await begin();
	second.append(0);
	await second.writer.settled();
	second.disk.refusal.write = new Error('EIO');
	const lost = second.writer.append(numberedEntry(1));
	assert.deepEqual(await second.writer.close(), [numberedEntry(1)]);
	await assert.rejects(lost, error => error instanceof SessionError && error.code === 'disk-full');
	assert.deepEqual(entriesOf(second.disk.bytes), [numberedEntry(0)]);
});
