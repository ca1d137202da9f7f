import {type FileHandle, open} from 'node:fs/promises';
import path from 'node:path';
import {journalEntry} from '../../session/journal-entry.js';
import {sessionFiles} from '../../session/session-record.js';
import {captionItem, type Item} from './caption-item.js';

/** An item and the byte of the journal that its line begins at. */
export type JournalItem = Item & {atByte: number};

/** Whole lines of a journal, from `startByte` up to `endByte`. `isAtEnd`: no whole line stood behind them when they were read. */
export type JournalPage = {items: JournalItem[]; startByte: number; endByte: number; isAtEnd: boolean};

/** A match, with what stands around it. */
export type FoundAt = {page: JournalPage; atByte: number};

/**
 * Reads a session's journal piece by piece, so that a meeting of any length takes the memory of a page. Lines that are damaged are left out, and so are the line feeds
 * that lie behind the last one in advance.
 */
export type JournalPages = {
	/** Lines that end at `byte`, a page of them. */
	before(byte: number): Promise<JournalPage>;
	/** Lines that begin at `byte`, a page of them; none when nothing new is there. */
	after(byte: number): Promise<JournalPage>;
	/** The newest page. */
	last(): Promise<JournalPage>;
	/** The nearest item that `matches`, before or behind the line at `byte`. */
	find(
		matches: (item: Item) => boolean,
		byte: number,
		direction: 'before' | 'after',
		signal: AbortSignal,
	): Promise<FoundAt | undefined>;
	/** Samples a second of the tape: as of the first microphone. */
	tapeRate(): Promise<number>;
	close(): Promise<void>;
};

const pageBytes = 65_536;
/** No entry is as long as this: what has no line end for so long is not a journal. */
const longestLineBytes = 8 * pageBytes;
const usualTapeRate = 24_000;
const newline = 0x0a;

/** Opens the journal of the session in `folder`. Rejects when it cannot be read. */
export async function openJournalPages(folder: string): Promise<JournalPages> {
	const file = await open(path.join(folder, sessionFiles.journal));
	let rate: number | undefined;

	async function tapeRate(): Promise<number> {
		if (rate !== undefined) return rate;
		const bytes = await read(file, 0, pageBytes);
		for (const {text} of lines(bytes, 0)) {
			const entry = parse(text);
			if (entry?.type === 'device') rate = entry.sampleRate;
			if (rate !== undefined) break;
		}
		return rate ?? usualTapeRate;
	}

	async function page(bytes: Buffer, startByte: number): Promise<JournalPage> {
		const samplesPerSecond = await tapeRate();
		const items: JournalItem[] = [];
		let endByte = startByte;
		for (const {text, atByte, nextByte} of lines(bytes, startByte)) {
			const entry = parse(text);
			const item = entry && captionItem(entry, samplesPerSecond);
			if (item) items.push({...item, atByte});
			// A last line that is no entry may be half written, over the line feeds that lie there in advance: it is read again.
			if (entry) endByte = nextByte;
		}
		return {items, startByte, endByte, isAtEnd: false};
	}

	async function after(byte: number): Promise<JournalPage> {
		for (let length = pageBytes; ; length *= 2) {
			const bytes = await read(file, byte, length);
			const isAtEnd = bytes.length < length || isBlank(bytes.at(-1)!);
			const found = await page(bytes, byte);
			if (found.endByte > byte || isAtEnd) return {...found, isAtEnd};
			if (length > longestLineBytes) return {...found, endByte: byte + length};
		}
	}

	async function before(wantedByte: number): Promise<JournalPage> {
		const byte = Math.min(wantedByte, (await file.stat()).size);
		for (let length = pageBytes; ; length *= 2) {
			const from = Math.max(0, byte - length);
			const bytes = await read(file, from, byte - from);
			// The first line has begun before `from`, unless the file begins there.
			const start = from === 0 ? 0 : bytes.indexOf(newline) + 1;
			if (from === 0 || (start > 0 && start < bytes.length) || length > longestLineBytes)
				return {...(await page(bytes.subarray(start), from + start)), endByte: byte};
		}
	}

	/** Where the last line that is not blank ends. */
	async function contentEnd(): Promise<number> {
		let {size} = await file.stat();
		while (size > 0) {
			const from = Math.max(0, size - pageBytes);
			const bytes = await read(file, from, size - from);
			const last = bytes.findLastIndex(byte => !isBlank(byte));
			if (last >= 0) return from + last + 1;
			size = from;
		}
		return 0;
	}

	async function around(byte: number): Promise<JournalPage> {
		const [earlier, later] = [await before(byte), await after(byte)];
		return {...later, items: [...earlier.items, ...later.items], startByte: earlier.startByte};
	}

	return {
		before,
		after,
		async last() {
			// What was written while the end was looked for, and a last line without its end, come with the page after it.
			const earlier = await before(await contentEnd());
			const startByte = earlier.items.at(-1)?.atByte ?? earlier.startByte;
			const items = earlier.items.slice(0, -1);
			for (let from = startByte; ; ) {
				const later = await after(from);
				items.push(...later.items);
				from = later.endByte;
				if (later.isAtEnd) return {items, startByte: earlier.startByte, endByte: from, isAtEnd: true};
			}
		},
		async find(matches, byte, direction, signal) {
			for (let from = byte; !signal.aborted; ) {
				const {items, startByte, endByte, isAtEnd} = await (direction === 'before' ? before(from) : after(from));
				// Behind: not the line at `byte` itself, which is where the search before it ended.
				const match =
					direction === 'before' ? items.findLast(matches) : items.find(item => item.atByte > byte && matches(item));
				if (match) return {page: await around(match.atByte), atByte: match.atByte};
				if (direction === 'before' ? startByte === 0 : isAtEnd) return undefined;
				from = direction === 'before' ? startByte : endByte;
			}
			return undefined;
		},
		tapeRate,
		close: () => file.close(),
	};
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
	const buffer = Buffer.allocUnsafe(length);
	let used = 0;
	while (used < length) {
		const {bytesRead} = await file.read(buffer, used, length - used, position + used);
		if (bytesRead === 0) break;
		used += bytesRead;
	}
	return buffer.subarray(0, used);
}

function* lines(bytes: Buffer, startByte: number): Generator<{text: string; atByte: number; nextByte: number}> {
	let from = 0;
	for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
		if (end > from)
			yield {text: bytes.toString('utf8', from, end), atByte: startByte + from, nextByte: startByte + end + 1};
		from = end + 1;
	}
}

/** A line feed, or what a disk left where nothing was written. */
const isBlank = (byte: number) => byte === newline || byte === 0;

function parse(text: string) {
	try {
		return journalEntry.safeParse(JSON.parse(text)).data;
	} catch {
		return undefined;
	}
}
