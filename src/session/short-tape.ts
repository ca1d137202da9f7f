import {constants} from 'node:fs';
import {type FileHandle, open, readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import type {TapeDisk} from './disk.js';
import {SessionError} from './session-error.js';
import {extentOf, type TapeExtent} from './tape.js';
import {bytesPerSample, openTapeHeader, tapeHeaderBytes, tapeOffset} from './tape-header.js';
import {TapeWriter, type TapeWriterOptions} from './tape-writer.js';

// A tape that forgets (`--off-record`): pieces of 15 s beside each other, each a tape of its own, of which those older than a minute are deleted. Samples keep their
// numbers: piece n begins with sample n · 15 s. They lie in memory (tmpfs), where nothing is synced.

const pieceSeconds = 15;
/** Samples younger than this are kept, in seconds: what a recorder that starts again reads once more, and what a slow model may be late. */
const keptSeconds = 60;

/** Begins a tape that forgets, at `file`: its pieces lie beside that path. Nothing waits: the first write makes the first piece. */
export function beginShortTape(file: string, sampleRate: number, options: TapeWriterOptions = {}): TapeWriter {
	return new TapeWriter(new ShortTapeDisk(file, sampleRate), sampleRate, 0, options);
}

/** Goes on at the end of the tape that forgets at `file`. Throws `SessionError` where it is none. */
export async function continueShortTape(file: string, options: TapeWriterOptions = {}): Promise<TapeWriter> {
	const {sampleRate, nSamples} = await shortTapeExtent(file);
	return new TapeWriter(new ShortTapeDisk(file, sampleRate), sampleRate, nSamples, options);
}

/** Whether the tape at `file` is one that forgets. */
export const isShortTape = async (file: string): Promise<boolean> => (await pieceNumbers(file)).length > 0;

/** Rate and length of the tape that forgets at `file`, forgotten samples included. Throws `SessionError` where it is none. */
export async function shortTapeExtent(file: string): Promise<TapeExtent> {
	const reader = new ShortTapeReader(file);
	try {
		return await reader.extent();
	} finally {
		await reader.close();
	}
}

/** The file of piece `piece`. */
const pieceFile = (file: string, piece: number): string => {
	const {dir, name, ext} = path.parse(file);
	return path.join(dir, `${name}.${piece}${ext}`);
};

/** Pieces that there are, in order. */
async function pieceNumbers(file: string): Promise<number[]> {
	const {dir, name, ext} = path.parse(file);
	const numbers = (await readdir(dir)).flatMap(entry => {
		const number = entry.slice(name.length + 1, -ext.length);
		const isPiece = entry === `${name}.${number}${ext}` && /^\d{1,9}$/.test(number);
		return isPiece ? [Number(number)] : [];
	});
	return numbers.sort((a, b) => a - b);
}

class ShortTapeDisk implements TapeDisk {
	readonly #pieceSamples: number;
	/** Pauses too end in forgetting. */
	readonly #forgetTimer: NodeJS.Timeout;
	#open: {piece: number; handle: FileHandle} | undefined;
	#lastWriteMs = performance.now();
	#isForgotten = false;

	constructor(
		private readonly file: string,
		private readonly sampleRate: number,
	) {
		this.#pieceSamples = pieceSeconds * sampleRate;
		this.#forgetTimer = setInterval(() => void this.#forgetAll().catch(() => {}), pieceSeconds * 1000);
		this.#forgetTimer.unref();
	}

	async write(bytes: Uint8Array, position: number): Promise<number> {
		// A header that is closed says nothing here: nobody reads these pieces when the recording is over.
		if (position < tapeHeaderBytes) return bytes.length;
		this.#lastWriteMs = performance.now();
		this.#isForgotten = false;
		const sample = (position - tapeHeaderBytes) / bytesPerSample;
		const piece = Math.floor(sample / this.#pieceSamples);
		const at = sample - piece * this.#pieceSamples;
		const handle = await this.#handle(piece);
		const wanted = Math.min(bytes.length, (this.#pieceSamples - at) * bytesPerSample);
		const {bytesWritten} = await handle.write(bytes, 0, wanted, tapeOffset(at));
		return bytesWritten;
	}

	async sync(): Promise<void> {}

	async close(): Promise<void> {
		clearInterval(this.#forgetTimer);
		await this.#open?.handle.close();
		this.#open = undefined;
	}

	async #handle(piece: number): Promise<FileHandle> {
		if (this.#open?.piece === piece) return this.#open.handle;
		await this.#open?.handle.close();
		this.#open = undefined;
		for (const number of await pieceNumbers(this.file)) {
			if (number < piece - keptSeconds / pieceSeconds) await rm(pieceFile(this.file, number));
		}
		const handle = await open(pieceFile(this.file, piece), constants.O_RDWR | constants.O_CREAT, 0o600);
		await handle.write(openTapeHeader(this.sampleRate), 0, tapeHeaderBytes, 0);
		this.#open = {piece, handle};
		return handle;
	}

	/** Forgets everything when nothing was written for as long as samples are kept; the newest piece stays, silent, as it tells how long the tape is. */
	async #forgetAll(): Promise<void> {
		if (this.#isForgotten || performance.now() - this.#lastWriteMs < keptSeconds * 1000) return;
		this.#isForgotten = true;
		const pieces = await pieceNumbers(this.file);
		const newest = pieces.pop();
		for (const number of pieces) await rm(pieceFile(this.file, number), {force: true});
		if (newest === undefined) return;
		const handle = await open(pieceFile(this.file, newest), 'r+');
		try {
			const {size} = await handle.stat();
			await handle.write(Buffer.alloc(size - tapeHeaderBytes), 0, size - tapeHeaderBytes, tapeHeaderBytes);
		} finally {
			await handle.close();
		}
	}
}

/** Reads a tape that forgets. */
export class ShortTapeReader {
	#open: {piece: number; handle: FileHandle} | undefined;
	#sampleRate: number | undefined;

	constructor(private readonly file: string) {}

	/** Rate and length now, forgotten samples included. Throws `SessionError` where it is no such tape. */
	async extent(): Promise<TapeExtent> {
		for (;;) {
			const newest = (await pieceNumbers(this.file)).at(-1);
			if (newest === undefined) {
				throw new SessionError('not-found', `${this.file} is missing: nothing was recorded, or it was deleted.`);
			}
			const handle = await this.#piece(newest);
			// Deleted since: it was the newest no more.
			if (!handle) continue;
			const {sampleRate, nSamples} = await extentOf(handle, pieceFile(this.file, newest));
			this.#sampleRate = sampleRate;
			return {sampleRate, nSamples: newest * pieceSeconds * sampleRate + nSamples};
		}
	}

	/**
	 * Reads samples from sample `sample` on into `bytes`, as they lie on the tape: some of them, none at the end. Where they were forgotten, the oldest that are still there come:
	 * `fromSample` tells.
	 */
	async read(sample: number, bytes: Buffer): Promise<{fromSample: number; nSamples: number}> {
		const pieceSamples = pieceSeconds * (this.#sampleRate ?? (await this.extent()).sampleRate);
		for (let fromSample = sample; ; ) {
			const piece = Math.floor(fromSample / pieceSamples);
			const handle = await this.#piece(piece);
			if (handle) {
				const at = fromSample - piece * pieceSamples;
				const wanted = Math.min(bytes.length, (pieceSamples - at) * bytesPerSample);
				const {bytesRead} = await handle.read(bytes, 0, wanted, tapeOffset(at));
				return {fromSample, nSamples: Math.floor(bytesRead / bytesPerSample)};
			}
			const oldest = (await pieceNumbers(this.file)).find(number => number > piece);
			if (oldest === undefined) return {fromSample, nSamples: 0};
			fromSample = oldest * pieceSamples;
		}
	}

	/** Closes the piece that is open. */
	async close(): Promise<void> {
		await this.#open?.handle.close();
		this.#open = undefined;
	}

	async #piece(piece: number): Promise<FileHandle | undefined> {
		if (this.#open?.piece === piece) return this.#open.handle;
		await this.close();
		try {
			this.#open = {piece, handle: await open(pieceFile(this.file, piece), 'r')};
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
			throw error;
		}
		return this.#open.handle;
	}
}
