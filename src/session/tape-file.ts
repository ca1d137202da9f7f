import {open} from 'node:fs/promises';
import {isShortTape, ShortTapeReader} from './short-tape.js';
import {extentOf, type TapeExtent} from './tape.js';
import {bytesPerSample, tapeOffset} from './tape-header.js';

/** A tape as its readers see it: one file, or the pieces of a tape that forgets. */
export type TapeFile = {
	/** Rate and length now. Throws `SessionError` where it is no tape. */
	extent(): Promise<TapeExtent>;
	/**
	 * Reads samples from sample `sample` on into `bytes`, as they lie on the tape: some of them, none at its end. `fromSample` is later than what was asked for where that was
	 * forgotten.
	 */
	read(sample: number, bytes: Buffer): Promise<{fromSample: number; nSamples: number}>;
	/** Closes the file. */
	close(): Promise<void>;
};

/** Opens the tape at `file` for reading. Throws what the system says where there is none. */
export async function openTapeFile(file: string): Promise<TapeFile> {
	let handle: Awaited<ReturnType<typeof open>>;
	try {
		handle = await open(file, 'r');
	} catch (error) {
		if (await isShortTape(file).catch(() => false)) return new ShortTapeReader(file);
		throw error;
	}
	return {
		extent: () => extentOf(handle, file),
		async read(sample, bytes) {
			const {bytesRead} = await handle.read(bytes, 0, bytes.length, tapeOffset(sample));
			return {fromSample: sample, nSamples: Math.floor(bytesRead / bytesPerSample)};
		},
		close: () => handle.close(),
	};
}

/** Rate and length of the tape at `file`, told by what is there and not by its header. Throws `SessionError` where it is no tape. */
export async function tapeExtent(file: string): Promise<TapeExtent> {
	const tape = await openTapeFile(file);
	try {
		return await tape.extent();
	} finally {
		await tape.close();
	}
}
