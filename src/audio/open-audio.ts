import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import path from 'node:path';
import {findProgram} from '../system/find-program.js';
import type {AudioChunk} from './audio-chunk.js';
import {AudioError} from './audio-error.js';
import type {AudioSource} from './audio-source.js';
import {ByteReader} from './byte-reader.js';
import {type DecodedAudio, isSaneRate, saneRates} from './decoded-audio.js';
import type {FfmpegInput} from './ffmpeg.js';
import {resample} from './resampler.js';
import {sniff, sniffBytes} from './sniff.js';
import {openCompressed} from './wasm-decoders.js';
import {openRawPcm, openWav} from './wav.js';

/** How to open audio. */
export type OpenAudioOptions = {
	/** Rate of the samples that come out, in Hz; `own` is the recording's, or 48,000 where that is higher. */
	sampleRate: number | 'own';
	/** Standard input is headerless 16-bit little-endian mono at this rate, in Hz. Without it, its format is told by its first bytes. */
	rawRate?: number;
	/** What `-` reads. @default process.stdin */
	standardInput?: AsyncIterable<Uint8Array>;
	/** Absolute path of ffmpeg, or undefined where there is none. @default the one on PATH */
	ffmpeg?: string | undefined;
};

const pieceBytes = 1 << 16;
/** Nothing that is said lies above its half. */
const highestOwnRate = 48_000;

/**
 * Opens a recording: `input` is a path, or `-` for standard input. Its first bytes tell what it is, never its name: WAV, MP3, FLAC, Ogg Vorbis and
 * Ogg Opus are decoded here, other containers by ffmpeg where it is installed. Memory does not grow with its length. Throws `AudioError`.
 */
export async function openAudio(input: string, options: OpenAudioOptions): Promise<AudioSource> {
	const isStandardInput = input === '-';
	const name = isStandardInput ? 'standard input' : path.basename(input);
	const warnings: string[] = [];
	const bytes = isStandardInput ? new ByteReader(options.standardInput ?? process.stdin) : await openFile(input, name);
	const closers = [() => bytes.close()];
	const close = async () => {
		for (const closer of closers.splice(0)) await closer();
	};
	try {
		const decoded = await decode(bytes, {input: isStandardInput ? {bytes} : {path: input}, options, warnings, closers});
		const sampleRate = options.sampleRate === 'own' ? Math.min(decoded.sampleRate, highestOwnRate) : options.sampleRate;
		return {
			name,
			sampleRate,
			get estimatedSamples() {
				const samples = decoded.estimatedSamples();
				return samples === undefined ? undefined : Math.round((samples * sampleRate) / decoded.sampleRate);
			},
			warnings,
			chunks: () => closing(chunks(decoded, sampleRate, name), close),
			close,
		};
	} catch (error) {
		await close();
		throw withName(error, name);
	}
}

type Opening = {
	input: FfmpegInput;
	options: OpenAudioOptions;
	warnings: string[];
	closers: (() => Promise<void>)[];
};

async function openFile(file: string, name: string): Promise<ByteReader> {
	let info: Awaited<ReturnType<typeof stat>>;
	try {
		info = await stat(file);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR')
			throw new AudioError('not-found', `There is no file ${file}.`, {cause: error});
		throw new AudioError('unreadable', `${file} cannot be opened (${code}).`, {cause: error});
	}
	if (info.isDirectory()) throw new AudioError('not-a-file', `${file} is a folder; name the recordings in it.`);
	if (info.isFile() && info.size === 0) throw new AudioError('empty', `${name}: the file is empty (0 bytes).`);
	return new ByteReader(createReadStream(file, {highWaterMark: pieceBytes}), info.isFile() ? info.size : undefined);
}

async function decode(bytes: ByteReader, {input, options, warnings, closers}: Opening): Promise<DecodedAudio> {
	if (options.rawRate !== undefined && 'bytes' in input) {
		if (!isSaneRate(options.rawRate)) {
			throw new AudioError(
				'unsupported',
				`A rate of ${options.rawRate} Hz was given for raw samples; ${saneRates} can be read.`,
			);
		}
		return openRawPcm(bytes, options.rawRate, warnings);
	}
	const container = sniff(await peek(bytes));
	switch (container.kind) {
		case 'wav':
			return openWav(bytes, warnings);
		case 'mp3':
		case 'flac':
		case 'ogg-vorbis':
		case 'ogg-opus':
			return openCompressed(bytes, container.kind, warnings);
		case 'ffmpeg': {
			const {openWithFfmpeg} = await import('./ffmpeg.js');
			const ffmpeg = 'ffmpeg' in options ? options.ffmpeg : await findProgram('ffmpeg');
			if (!ffmpeg) {
				throw new AudioError(
					'decoder-missing',
					`this format (${container.demuxer}) needs ffmpeg, which is not installed: sudo apt install ffmpeg.`,
				);
			}
			const decoded = await openWithFfmpeg(ffmpeg, container.demuxer, input, warnings);
			closers.unshift(decoded.close);
			return decoded;
		}
		case 'text':
			throw new AudioError('unknown-format', 'this is text, not a recording: name a WAV, MP3, FLAC, Ogg or M4A file.');
		case 'unknown':
			throw new AudioError(
				'unknown-format',
				'this is no recording that can be read: name a WAV, MP3, FLAC, Ogg or M4A file.',
			);
	}
}

async function peek(bytes: ByteReader): Promise<Uint8Array> {
	const start = await reading(() => bytes.peek(sniffBytes));
	if (start.length === 0) throw new AudioError('empty', 'nothing came: it is empty.');
	return start;
}

/** Errors of the disk or the pipe, as ours. */
async function reading<Result>(read: () => Promise<Result>): Promise<Result> {
	try {
		return await read();
	} catch (error) {
		throw readError(error);
	}
}

function readError(error: unknown): unknown {
	const {code} = error as NodeJS.ErrnoException;
	if (error instanceof AudioError || typeof code !== 'string') return error;
	return new AudioError('unreadable', `it cannot be read (${code}).`, {cause: error});
}

/** `AudioError`s name their recording, once. */
function withName(error: unknown, name: string): unknown {
	const known = readError(error);
	if (!(known instanceof AudioError) || known.message.includes(name)) return known;
	return new AudioError(known.code, `${name}: ${known.message}`, {cause: known.cause ?? known});
}

async function* chunks(decoded: DecodedAudio, sampleRate: number, name: string): AsyncGenerator<AudioChunk> {
	let startSample = 0;
	try {
		for await (const block of resample(decoded.blocks, decoded.sampleRate, sampleRate)) {
			for (let at = 0; at < block.length; at += sampleRate) {
				const samples = ownPiece(block, at, at + sampleRate);
				const {length} = samples;
				yield {samples, startSample};
				// By now the samples may be somebody else's.
				startSample += length;
			}
		}
	} catch (error) {
		throw withName(error, name);
	}
	if (startSample === 0) throw new AudioError('empty', `${name}: the recording has no samples.`);
}

/** `from` … `to` of `block` with memory of its own; the block itself where it is all of that already. */
function ownPiece(block: Float32Array, from: number, to: number): Float32Array<ArrayBuffer> {
	const isWhole = from === 0 && to >= block.length && block.byteLength === block.buffer.byteLength;
	return (isWhole ? block : block.slice(from, to)) as Float32Array<ArrayBuffer>;
}

/** Closes when the reading ends, however it ends. */
async function* closing<Item>(items: AsyncIterable<Item>, close: () => Promise<void>): AsyncGenerator<Item> {
	try {
		yield* items;
	} finally {
		await close();
	}
}
