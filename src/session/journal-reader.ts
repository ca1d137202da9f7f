import {open} from 'node:fs/promises';
import {type JournalEntry, journalEntry} from './journal-entry.js';

/**
 * A line of a journal that is not blank, and where it lies: bytes `startByte` … `endByte`, its line feed included. Where it has no `entry` it has a `problem`: `torn` is a last line that its
 * writer did not finish, `damaged` any other that is no entry.
 */
export type JournalLine = {startByte: number; endByte: number} & (
	| {entry: JournalEntry; problem?: undefined}
	| {entry?: undefined; problem: 'torn' | 'damaged'}
);

/** Where to read: from `fromByte`, which begins a line, to before `toByte`. */
export type JournalRange = {fromByte?: number; toByte?: number};

const readBytes = 1 << 16;
/** No entry is longer: a run of bytes that is, without a line feed, is damage, and is not kept in memory. */
const maxLineBytes = 4 << 20;
const lineFeed = 10;

/**
 * Reads the journal at `file` line by line, as far as it is written now. Blank lines (what is preallocated) are skipped, and a damaged line costs no other. Call it again with the last
 * `endByte` to read on. Throws what the system says.
 */
export async function* readJournal(file: string, range: JournalRange = {}): AsyncGenerator<JournalLine> {
	let unparsed: JournalLine | undefined;
	for await (const {bytes, startByte, endByte} of lines(file, range)) {
		// An unfinished line has nothing behind it.
		if (unparsed) yield {...unparsed, entry: undefined, problem: 'damaged'};
		unparsed = undefined;
		const json = bytes && jsonOf(bytes);
		if (json === undefined) {
			unparsed = {startByte, endByte, problem: 'torn'};
			continue;
		}
		const parsed = journalEntry.safeParse(json);
		yield parsed.success ? {startByte, endByte, entry: parsed.data} : {startByte, endByte, problem: 'damaged'};
	}
	if (unparsed) yield unparsed;
}

/** What a journal holds. */
export type Journal = {
	entries: JournalEntry[];
	/** End of the last whole line: where the next entry belongs. */
	endByte: number;
	nDamaged: number;
	/** Whether a last line was not finished. */
	isTorn: boolean;
};

/** Reads the whole journal at `file`. Throws what the system says. */
export async function loadJournal(file: string, range: JournalRange = {}): Promise<Journal> {
	const journal: Journal = {entries: [], endByte: range.fromByte ?? 0, nDamaged: 0, isTorn: false};
	for await (const {entry, endByte, problem} of readJournal(file, range)) {
		if (entry) journal.entries.push(entry);
		if (problem === 'damaged') journal.nDamaged++;
		if (problem === 'torn') journal.isTorn = true;
		else journal.endByte = endByte;
	}
	return journal;
}

/** A line that is not blank; no `bytes` where it is too long to be one. */
type Line = {bytes: Buffer | undefined; startByte: number; endByte: number};

async function* lines(
	file: string,
	{fromByte = 0, toByte = Number.POSITIVE_INFINITY}: JournalRange,
): AsyncGenerator<Line> {
	const handle = await open(file, 'r');
	try {
		const buffer = Buffer.allocUnsafe(readBytes);
		let begun: Buffer[] = [];
		let begunBytes = 0;
		let startByte = fromByte;
		const line = (endByte: number): Line | undefined => {
			const isTooLong = begunBytes > maxLineBytes;
			const bytes = isTooLong ? undefined : Buffer.concat(begun);
			const found = bytes && isBlank(bytes) ? undefined : {bytes, startByte, endByte};
			begun = [];
			begunBytes = 0;
			startByte = endByte;
			return found;
		};
		const take = (piece: Buffer) => {
			begunBytes += piece.length;
			if (begunBytes <= maxLineBytes) begun.push(Buffer.from(piece));
			else begun = [];
		};

		for (let position = fromByte; position < toByte; ) {
			const wanted = Math.min(readBytes, toByte - position);
			const {bytesRead} = await handle.read(buffer, 0, wanted, position);
			if (bytesRead === 0) break;
			const read = buffer.subarray(0, bytesRead);
			for (let at = 0; at < read.length; ) {
				if (begunBytes === 0 && read[at] === lineFeed) {
					startByte = position + ++at;
					continue;
				}
				const feed = read.indexOf(lineFeed, at);
				take(read.subarray(at, feed < 0 ? read.length : feed));
				at = feed < 0 ? read.length : feed + 1;
				if (feed < 0) continue;
				const found = begunBytes > 0 ? line(position + at) : undefined;
				if (found) yield found;
				else startByte = position + at;
			}
			position += bytesRead;
		}
		const last = line(startByte + begunBytes);
		if (last) yield last;
	} finally {
		await handle.close();
	}
}

/** What a file system leaves where it did not write, too: zeros. */
const isBlank = (bytes: Buffer) => bytes.every(byte => byte === 0 || byte === 32 || byte === 13 || byte === 9);

function jsonOf(bytes: Buffer): unknown {
	// Before what was written there may be what was not.
	const text = bytes.toString('utf8').replace(/^\0+|\0+$/g, '');
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
