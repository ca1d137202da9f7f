import {open, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {syncFolder} from '../system/sync-folder.js';
import {openDisk, type TapeDisk} from './disk.js';
import {SessionError} from './session-error.js';
import {closedTapeHeader, openTapeHeader, samplesInFile, tapeHeaderBytes, tapeRate} from './tape-header.js';
import {TapeWriter, type TapeWriterOptions} from './tape-writer.js';

/** What a tape's file holds: whole samples, and their rate in Hz. */
export type TapeExtent = {sampleRate: number; nSamples: number};

/**
 * Begins a tape at `file`, which must not exist: 16-bit mono WAV at `sampleRate` Hz with open sizes, readable by its owner alone. It gets its name when its
 * header is on the medium, and its folder's entry is synced, so no power cut leaves a tape that cannot be opened. Throws `SessionError` `exists`, or what the system says.
 */
export async function createTape(
	file: string,
	sampleRate: number,
	options: TapeWriterOptions = {},
): Promise<TapeWriter> {
	return new TapeWriter(await createTapeDisk(file, sampleRate), sampleRate, 0, options);
}

/**
 * Begins a tape as `createTape` does, without waiting for the disk: the file is made by the first write, and what is appended before is held as it is while a
 * disk refuses. A disk that is full from the start loses no more than one that becomes so.
 */
export function beginTape(file: string, sampleRate: number, options: TapeWriterOptions = {}): TapeWriter {
	let disk: TapeDisk | undefined;
	const made = async () => {
		disk ??= await createTapeDisk(file, sampleRate);
		return disk;
	};
	return new TapeWriter(
		{
			write: async (bytes, position) => (await made()).write(bytes, position),
			sync: async () => (await made()).sync(),
			close: async () => disk?.close(),
		},
		sampleRate,
		0,
		options,
	);
}

/** Goes on at the end of the tape at `file`, left by a capture that died or paused. Throws `SessionError` where it is no tape. */
export async function continueTape(file: string, options: TapeWriterOptions = {}): Promise<TapeWriter> {
	const {sampleRate, nSamples} = await writeHeader(file, ({sampleRate}) => openTapeHeader(sampleRate));
	return new TapeWriter(await openDisk(file), sampleRate, nSamples, options);
}

/**
 * Closes the sizes of a tape that nobody writes any more, from the length of its file, so that every program reads it whole. Changes nothing
 * but its header. Throws `SessionError` where it is no tape.
 */
export async function repairTape(file: string): Promise<TapeExtent> {
	return writeHeader(file, ({sampleRate, nSamples}) => closedTapeHeader(sampleRate, nSamples));
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Reads what an open tape holds; `file` names it in messages. Throws `SessionError` where it is no tape. */
export async function extentOf(handle: Handle, file: string): Promise<TapeExtent> {
	const {buffer, bytesRead} = await handle.read(Buffer.alloc(tapeHeaderBytes), 0, tapeHeaderBytes, 0);
	const sampleRate = tapeRate(buffer.subarray(0, bytesRead), file);
	const {size} = await handle.stat();
	return {sampleRate, nSamples: samplesInFile(size)};
}

async function writeHeader(file: string, header: (extent: TapeExtent) => Buffer): Promise<TapeExtent> {
	const handle = await open(file, 'r+');
	try {
		const extent = await extentOf(handle, file);
		await handle.write(header(extent), 0, tapeHeaderBytes, 0);
		await handle.datasync();
		return extent;
	} finally {
		await handle.close();
	}
}

async function createTapeDisk(file: string, sampleRate: number): Promise<TapeDisk> {
	const unnamed = `${file}.new`;
	// A capture that died here left its header: it holds no sample.
	await rm(unnamed, {force: true});
	const handle = await open(unnamed, 'wx', 0o600);
	try {
		await handle.write(openTapeHeader(sampleRate), 0, tapeHeaderBytes, 0);
		await handle.sync();
	} finally {
		await handle.close();
	}
	await refuseExisting(file);
	await rename(unnamed, file);
	try {
		await syncFolder(path.dirname(file));
		return await openDisk(file);
	} catch (error) {
		// It holds no sample, and the next attempt would find it there.
		await rm(file, {force: true});
		throw error;
	}
}

async function refuseExisting(file: string): Promise<void> {
	try {
		const handle = await open(file, 'r');
		await handle.close();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
		throw error;
	}
	throw new SessionError('exists', `${file} is there already: a tape is never written over.`);
}
