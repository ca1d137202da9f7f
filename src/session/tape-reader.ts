import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {AudioChunk} from '../audio/audio-chunk.js';
import type {AudioSource} from '../audio/audio-source.js';
import {resample} from '../audio/resampler.js';
import {type HeldTape, LiveTape} from './live-tape.js';
import type {TapeExtent} from './tape.js';
import {openTapeFile} from './tape-file.js';
import {bytesPerSample} from './tape-header.js';

/** How to read a tape. */
export type TapeReaderOptions = {
	/** First sample to read, counted at the tape's rate. Past the end it waits there. @default 0 */
	fromSample?: number;
	/** Rate of the samples that come out, in Hz. @default the tape's */
	sampleRate?: number;
	/** Whether the tape may still grow; asked whenever its end is reached. While it does, the reader waits there. @default () => false */
	isGrowing?(): boolean;
	/**
	 * The first gap behind sample `sample`, where one is known: what comes before it is given out to its end, and an empty chunk that `isAfterGap` behind it. Asked before each
	 * reading, so that a gap may become known at any time. @default () => undefined
	 */
	nextGap?(sample: number): number | undefined;
	/** What capture holds in memory while the disk takes nothing. @default nothing */
	held?: HeldTape;
	/** Ends the reading: what was read before is given out. */
	signal?: AbortSignal;
};

/** Samples read at once: half a second at 24 kHz, a quarter at 48. */
const maxReadSamples = 12_000;
/** A growing tape is looked at this often, in ms: little beside the delay of any model, and one fstat costs microseconds. */
const lookEveryMs = 50;

/**
 * Reads the tape at `file` as it grows: its length is the file's, whatever its header says. Chunks count from the tape's first sample (at the rate that was asked
 * for), wherever the reading began. A tape that forgets is read too: what it has forgotten is left out, and the chunk behind it `isAfterGap`. Throws `SessionError` where it is no tape.
 */
export async function readTape(file: string, options: TapeReaderOptions = {}): Promise<AudioSource> {
	const {fromSample = 0, isGrowing = () => false, nextGap = () => undefined, signal} = options;
	const opened = await openTapeFile(file);
	const tape = options.held ? new LiveTape(opened, options.held) : opened;
	let extent: TapeExtent;
	try {
		extent = await tape.extent();
	} catch (error) {
		await tape.close();
		throw error;
	}
	const tapeRate = extent.sampleRate;
	const sampleRate = options.sampleRate ?? tapeRate;
	const closing = new AbortController();
	const endings = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
	let reading: AsyncGenerator<AudioChunk> | undefined;
	let closed: Promise<void> | undefined;
	const closeFile = () => {
		closed ??= tape.close();
		return closed;
	};
	const close = async () => {
		closing.abort();
		// Whoever read may have left in the middle: a reading that waits for its reader ends here, one that waits for the disk when its call has returned.
		await reading?.return(undefined);
		await closeFile();
	};

	let sample = fromSample;
	/** Samples that stand elsewhere on the tape come next: others were forgotten or given up before they were read. */
	let isAfterGap = false;
	/** A gap comes next. */
	let isAtGap = false;

	/** To the end of the tape, to the next gap, or to where it goes on elsewhere. */
	async function* blocks(): AsyncGenerator<Float32Array> {
		const bytes = Buffer.alloc(maxReadSamples * bytesPerSample);
		const firstSample = sample;
		while (!endings.aborted) {
			// Asked before it is read: what was appended in between is still read.
			const mayGrow = isGrowing();
			const gap = nextGap(firstSample) ?? Number.POSITIVE_INFINITY;
			// One that became known too late ends the reading where it is: nothing is given out twice.
			isAtGap = sample >= gap;
			if (isAtGap) return;
			const wanted = bytes.subarray(0, Math.min(maxReadSamples, gap - sample) * bytesPerSample);
			const {fromSample: found, nSamples} = await tape.read(sample, wanted);
			if (found !== sample) {
				sample = found;
				isAfterGap = true;
				return;
			}
			if (nSamples === 0) {
				if (!mayGrow) return;
				await setTimeout(lookEveryMs, undefined, {signal: endings}).catch(() => {});
				continue;
			}
			sample += nSamples;
			yield toFloats(bytes, nSamples);
		}
	}

	async function* chunks(): AsyncGenerator<AudioChunk> {
		const position = () => Math.round((sample * sampleRate) / tapeRate);
		try {
			do {
				let behindGap = isAfterGap ? {isAfterGap} : {};
				if (isAtGap) yield {samples: new Float32Array(), startSample: position(), isAfterGap: true};
				isAfterGap = false;
				isAtGap = false;
				let startSample = position();
				for await (const block of resample(blocks(), tapeRate, sampleRate)) {
					const samples = Float32Array.from(block);
					yield {samples, startSample, ...behindGap};
					behindGap = {};
					startSample += samples.length;
				}
			} while (isAfterGap || isAtGap);
		} finally {
			closing.abort();
			await closeFile();
		}
	}

	return {
		name: path.basename(path.dirname(path.resolve(file))),
		sampleRate,
		get estimatedSamples() {
			if (isGrowing()) return undefined;
			return Math.max(0, Math.round(((extent.nSamples - fromSample) * sampleRate) / tapeRate));
		},
		warnings: [],
		chunks() {
			reading = chunks();
			return reading;
		},
		close,
	};
}

/** The first `nSamples` of little-endian 16-bit `bytes`, in [-1, 1). */
function toFloats(bytes: Buffer, nSamples: number): Float32Array {
	const samples = new Float32Array(nSamples);
	for (let i = 0; i < nSamples; i++) samples[i] = bytes.readInt16LE(i * bytesPerSample) / 2 ** 15;
	return samples;
}
