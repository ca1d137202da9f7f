import {open, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {syncFolder} from '../system/sync-folder.js';
import {openDisk} from './disk.js';
import {type Journal, loadJournal} from './journal-reader.js';
import {fill, JournalWriter, type JournalWriterOptions, preallocatedBytes} from './journal-writer.js';
import {SessionError} from './session-error.js';

/**
 * Begins a journal at `file`, which must not exist, readable by its owner alone. It gets its name when its first megabyte is on the medium, and its folder's entry is synced.
 * A disk that is nearly full gives it less. Throws `SessionError` `exists`, or what the system says.
 */
export async function createJournal(file: string, options: JournalWriterOptions = {}): Promise<JournalWriter> {
	if ((await sizeOf(file)) !== undefined) {
		throw new SessionError('exists', `${file} is there already: a journal is never written over.`);
	}
	const unnamed = `${file}.new`;
	// A recorder that died here left its own: it holds no entry.
	await rm(unnamed, {force: true});
	await (await open(unnamed, 'wx', 0o600)).close();
	const disk = await openDisk(unnamed);
	const allocated = await fill(disk, 0, preallocatedBytes);
	await rename(unnamed, file);
	await syncFolder(path.dirname(file));
	return new JournalWriter(disk, 0, allocated, options);
}

/** A journal that is written on, and what it held. */
export type ContinuedJournal = {writer: JournalWriter; journal: Journal};

/**
 * Goes on behind the last whole line of the journal at `file`, left by a recorder that died; a line that it did not finish becomes blank. Makes the journal where there is none.
 * Throws what the system says.
 */
export async function continueJournal(file: string, options: JournalWriterOptions = {}): Promise<ContinuedJournal> {
	const size = await sizeOf(file);
	if (size === undefined) {
		const writer = await createJournal(file, options);
		return {writer, journal: {entries: [], endByte: 0, nDamaged: 0, isTorn: false}};
	}
	const journal = await loadJournal(file);
	const disk = await openDisk(file);
	let end = journal.endByte;
	if (!(await endsWithLineFeed(file, end))) end += await disk.write(Buffer.from('\n'), end);
	// In place, so that a full disk has its preallocated bytes still.
	await fill(disk, end, Math.max(size, end));
	const allocated = await fill(disk, Math.max(size, end), end + preallocatedBytes);
	return {writer: new JournalWriter(disk, end, allocated, options), journal};
}

/** Cuts a journal that nobody writes any more behind its last whole line, and changes nothing else. Returns what it holds. Throws what the system says. */
export async function repairJournal(file: string): Promise<Journal> {
	const journal = await loadJournal(file);
	if ((await sizeOf(file))! > journal.endByte) {
		const disk = await openDisk(file);
		try {
			await disk.truncate(journal.endByte);
			await disk.sync();
		} finally {
			await disk.close();
		}
	}
	return journal;
}

async function sizeOf(file: string): Promise<number | undefined> {
	try {
		return (await stat(file)).size;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

/** Whether byte `end` begins a line: a last entry can be whole and its line feed missing. */
async function endsWithLineFeed(file: string, end: number): Promise<boolean> {
	if (end === 0) return true;
	const handle = await open(file, 'r');
	try {
		const {buffer, bytesRead} = await handle.read(Buffer.alloc(1), 0, 1, end - 1);
		return bytesRead === 1 && buffer[0] === 10;
	} finally {
		await handle.close();
	}
}
