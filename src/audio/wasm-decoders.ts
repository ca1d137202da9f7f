import {AudioError} from './audio-error.js';
import type {ByteReader} from './byte-reader.js';
import {type DecodedAudio, isSaneRate, mixDown, saneRates} from './decoded-audio.js';
import {ResumingFlacDecoder} from './flac-decoder.js';

/** Compressed formats that are decoded here, by WASM libraries. */
export type WasmFormat = 'mp3' | 'flac' | 'ogg-vorbis' | 'ogg-opus';

type Decoded = {channelData: Float32Array[]; samplesDecoded: number; sampleRate: number; errors: {message: string}[]};

type Decoder = {
	ready: Promise<void>;
	decode(bytes: Uint8Array): Decoded | Promise<Decoded>;
	flush?(): Promise<Decoded>;
	free(): void;
};

/** Each library is imported when it is needed: together they take 20 MB. */
const formats: Record<WasmFormat, {name: string; create: () => Promise<Decoder>}> = {
	mp3: {name: 'MP3', create: async () => new (await import('mpg123-decoder')).MPEGDecoder() as Decoder},
	flac: {
		name: 'FLAC',
		async create() {
			const {FLACDecoder} = await import('@wasm-audio-decoders/flac');
			return new ResumingFlacDecoder(() => new FLACDecoder());
		},
	},
	'ogg-vorbis': {
		name: 'Ogg Vorbis',
		create: async () => new (await import('@wasm-audio-decoders/ogg-vorbis')).OggVorbisDecoder() as Decoder,
	},
	'ogg-opus': {
		name: 'Ogg Opus',
		create: async () => new (await import('ogg-opus-decoder')).OggOpusDecoder() as Decoder,
	},
};

/** Bytes decoded at once. Few, because they can hold seconds: speech in Opus has 20 samples in a byte, silent FLAC 300. */
const callBytes = 2048;

/**
 * Decodes `bytes`, compressed in `format`, as they come. Damaged places are left out and counted in `warnings`; a file in which nothing can be decoded
 * throws `AudioError`.
 */
export async function openCompressed(bytes: ByteReader, format: WasmFormat, warnings: string[]): Promise<DecodedAudio> {
	const {name, create} = formats[format];
	const decoder = await create();
	await decoder.ready;
	let producedSamples = 0;
	let damaged = 0;
	async function* blocks(): AsyncGenerator<Float32Array & {sampleRate?: number}> {
		try {
			for (let hasMore = true; hasMore; ) {
				const piece = await bytes.readSome(callBytes);
				hasMore = piece.length > 0;
				const decoded = await decodeQuietly(() => (hasMore ? decoder.decode(piece) : decoder.flush?.()));
				if (!decoded) continue;
				damaged += decoded.errors.length;
				if (decoded.samplesDecoded === 0 || decoded.sampleRate === 0) continue;
				producedSamples += decoded.samplesDecoded;
				yield Object.assign(mixDown(decoded.channelData), {sampleRate: decoded.sampleRate});
			}
			if (damaged > 0)
				warnings.push(
					`This ${name} file is damaged: its decoder found ${damaged} faults, and what it could not read was left out.`,
				);
		} catch (error) {
			if (error instanceof AudioError) throw error;
			throw new AudioError('corrupt', `This ${name} file cannot be decoded any further: it is damaged.`, {
				cause: error,
			});
		} finally {
			decoder.free();
		}
	}

	// The rate is known with the first samples.
	const rest = blocks();
	const first = await rest.next();
	if (first.done) {
		throw new AudioError(
			'corrupt',
			`No sound can be decoded from this ${name} file: it is damaged or cut off. Copy or record it again.`,
		);
	}
	const {sampleRate = 0} = first.value;
	if (!isSaneRate(sampleRate)) {
		await rest.return(undefined);
		throw new AudioError('unsupported', `This ${name} file says it has ${sampleRate} Hz; ${saneRates} can be read.`);
	}
	async function* all(): AsyncGenerator<Float32Array> {
		try {
			yield first.value;
			for await (const block of rest) {
				if (block.sampleRate !== sampleRate) {
					throw new AudioError(
						'unsupported',
						`This ${name} file changes its rate from ${sampleRate} to ${block.sampleRate} Hz: convert it, for example with ffmpeg.`,
					);
				}
				yield block;
			}
		} finally {
			await rest.return(undefined);
		}
	}
	return {
		sampleRate,
		estimatedSamples() {
			if (bytes.size === undefined) return undefined;
			return Math.round((producedSamples * bytes.size) / bytes.position);
		},
		blocks: all(),
	};
}

/** mpg123's wrapper writes every damaged frame to the console, in the middle of the captions; the errors it returns are enough. */
async function decodeQuietly<Result>(decode: () => Result | Promise<Result>): Promise<Result> {
	const {error} = console;
	console.error = () => {};
	try {
		return await decode();
	} finally {
		console.error = error;
	}
}
