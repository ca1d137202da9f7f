import {AudioError} from './audio-error.js';
import type {ByteReader} from './byte-reader.js';
import {clamped, type DecodedAudio, isSaneRate, saneRates} from './decoded-audio.js';

/** Layout of one frame: `channels` samples of `bytes` bytes each. */
type WavFormat = {kind: SampleKind; channels: number; sampleRate: number; bytes: number};
type SampleKind = 'integer' | 'float' | 'a-law' | 'mu-law';

const maxChannels = 8;
/** A `fmt ` chunk has 16, 18 or 40 bytes; more are read past. */
const maxFormatBytes = 4096;
const shortestFormat = 16;
/** Bytes turned into samples at once: a tenth of a second of speech, which then travels to the engine as it is, without a copy. */
const blockBytes = 3 << 10;
/** Sizes that writers put down before they know better, and that a dead one leaves. */
const unknownSizes = new Set([0, 0xffffffff, 0x7fffffff, 0x7ffff000]);

/**
 * Reads a RIFF, RF64 or BW64 WAVE file: 8 to 32-bit integers, 32 and 64-bit floats, A-law and µ-law, up to 8 channels, extra chunks before the samples.
 * A header whose sizes are open, or reach past the end because the writer died, is read to the end of the file and warned of in `warnings`.
 * Throws `AudioError`.
 */
export async function openWav(bytes: ByteReader, warnings: string[]): Promise<DecodedAudio> {
	const header = viewOf(await bytes.read(12));
	if (header.byteLength < 12) throw cutOff();
	const riff = {size: header.getUint32(4, true), has64: tagAt(header, 0) !== 'RIFF'};
	let size64: bigint | undefined;
	let format: WavFormat | undefined;
	for (;;) {
		const chunk = viewOf(await bytes.read(8));
		if (chunk.byteLength < 8) throw cutOff();
		const tag = tagAt(chunk, 0);
		const size = chunk.getUint32(4, true);
		if (tag === 'data') {
			if (!format)
				throw new AudioError('corrupt', 'This WAV file has samples but no fmt chunk that says what they are.');
			return readSamples(bytes, format, dataBytes(bytes, {size, riffSize: riff.size, size64}, warnings), warnings);
		}
		const length = size + (size % 2);
		if (tag === 'fmt ') {
			const body = viewOf(await bytes.read(Math.min(length, maxFormatBytes)));
			format = readFormat(body, size);
			await bytes.skip(length - body.byteLength);
		} else if (tag === 'ds64' && riff.has64) {
			const body = viewOf(await bytes.read(Math.min(length, maxFormatBytes)));
			if (body.byteLength >= 16) size64 = body.getBigUint64(8, true);
			await bytes.skip(length - body.byteLength);
		} else {
			await bytes.skip(length);
		}
	}
}

/** Headerless 16-bit little-endian mono samples at `sampleRate` Hz, to the end of `bytes`. */
export function openRawPcm(bytes: ByteReader, sampleRate: number, warnings: string[]): DecodedAudio {
	const format: WavFormat = {kind: 'integer', channels: 1, sampleRate, bytes: 2};
	return readSamples(bytes, format, Number.POSITIVE_INFINITY, warnings);
}

function readFormat(body: DataView, size: number): WavFormat {
	if (body.byteLength < Math.min(size, shortestFormat)) throw cutOff();
	if (body.byteLength < shortestFormat) {
		throw new AudioError(
			'corrupt',
			`This WAV file's fmt chunk has ${body.byteLength} bytes; at least ${shortestFormat} are needed.`,
		);
	}
	let tag = body.getUint16(0, true);
	const channels = body.getUint16(2, true);
	const sampleRate = body.getUint32(4, true);
	const frameBytes = body.getUint16(12, true);
	const bits = body.getUint16(14, true);
	// WAVE_FORMAT_EXTENSIBLE: the first two bytes of its GUID are the tag.
	if (tag === 0xfffe && body.byteLength >= 26) tag = body.getUint16(24, true);

	if (channels < 1 || channels > maxChannels) {
		throw new AudioError(
			'unsupported',
			`This WAV file says it has ${channels} channels; 1 to ${maxChannels} can be read.`,
		);
	}
	if (!isSaneRate(sampleRate)) {
		throw new AudioError('unsupported', `This WAV file says it has ${sampleRate} Hz; ${saneRates} can be read.`);
	}
	const bytes = frameBytes / channels;
	const kind = sampleKind(tag, bits, bytes);
	if (!kind) {
		throw new AudioError(
			'unsupported',
			`This WAV file says it has ${bits}-bit samples of format ${tag} in frames of ${frameBytes} bytes; 8, 16, 24 and 32-bit integers, 32 and 64-bit floats, A-law and µ-law can be read. Convert it, for example with sox or ffmpeg.`,
		);
	}
	return {kind, channels, sampleRate, bytes};
}

/** The kind of samples, undefined where they cannot be read. A sample may lie in more bytes than it has bits: its high ones then. */
function sampleKind(tag: number, bits: number, bytes: number): SampleKind | undefined {
	if (!Number.isInteger(bytes) || bits < 8 || bits > bytes * 8) return undefined;
	if (tag === 1 && bytes <= 4) return 'integer';
	if (tag === 3 && bits === bytes * 8 && (bytes === 4 || bytes === 8)) return 'float';
	if (tag === 6 && bytes === 1) return 'a-law';
	if (tag === 7 && bytes === 1) return 'mu-law';
	return undefined;
}

type ClaimedSizes = {size: number; riffSize: number; size64: bigint | undefined};

/** Bytes of samples to read: what the header says where that can be true, else all there are. */
function dataBytes(bytes: ByteReader, {size, riffSize, size64}: ClaimedSizes, warnings: string[]): number {
	const left = bytes.size === undefined ? undefined : bytes.size - bytes.position;
	if (size === 0 && left !== undefined && riffSize + 8 === bytes.size) return 0;
	if (size === 0xffffffff && size64 !== undefined && size64 > 0n && size64 < 2n ** 53n) {
		if (left === undefined || size64 <= left) return Number(size64);
		warnings.push(`The header says ${size64} bytes of samples and the file has ${left}: read to its end.`);
		return left;
	}
	if (unknownSizes.has(size)) {
		if (left !== undefined && left > 0) {
			warnings.push(
				'The header does not say how long the recording is, as if its recorder had been stopped: read to its end.',
			);
		}
		return Number.POSITIVE_INFINITY;
	}
	if (left !== undefined && size > left) {
		warnings.push(`The header says ${size} bytes of samples and the file has ${left}: read to its end.`);
		return left;
	}
	return size;
}

function readSamples(bytes: ByteReader, format: WavFormat, length: number, warnings: string[]): DecodedAudio {
	const frameBytes = format.bytes * format.channels;
	const known = Number.isFinite(length) ? length : bytes.size === undefined ? undefined : bytes.size - bytes.position;
	const toSample = sampleReader(format);
	async function* blocks(): AsyncGenerator<Float32Array> {
		const framesPerBlock = Math.floor(blockBytes / frameBytes);
		for (let left = length; left > 0; ) {
			const block = await bytes.read(Math.min(left, framesPerBlock * frameBytes));
			if (block.length === 0) {
				if (Number.isFinite(length)) warnings.push(`The recording ends ${left} bytes before its header says.`);
				return;
			}
			left -= block.length;
			const frames = Math.floor(block.length / frameBytes);
			if (frames * frameBytes < block.length) warnings.push('The last sample is cut off; it was left out.');
			yield mono(viewOf(block), frames, format, toSample);
		}
	}
	return {
		sampleRate: format.sampleRate,
		estimatedSamples: () => (known === undefined ? undefined : Math.floor(known / frameBytes)),
		blocks: blocks(),
	};
}

const cutOff = () =>
	new AudioError('corrupt', 'This WAV file ends before its samples: its header is cut off. Record or copy it again.');

type SampleReader = (view: DataView, at: number) => number;

function mono(view: DataView, frames: number, {bytes, channels}: WavFormat, toSample: SampleReader): Float32Array {
	const samples = new Float32Array(frames);
	for (let frame = 0; frame < frames; frame++) {
		let sum = 0;
		for (let channel = 0; channel < channels; channel++) sum += toSample(view, (frame * channels + channel) * bytes);
		samples[frame] = sum / channels;
	}
	return samples;
}

function sampleReader({kind, bytes}: WavFormat): SampleReader {
	if (kind === 'a-law') return (view, at) => aLaw(view.getUint8(at));
	if (kind === 'mu-law') return (view, at) => muLaw(view.getUint8(at));
	if (kind === 'float') {
		return bytes === 4
			? (view, at) => clamped(view.getFloat32(at, true))
			: (view, at) => clamped(view.getFloat64(at, true));
	}
	if (bytes === 1) return (view, at) => (view.getUint8(at) - 128) / 128;
	if (bytes === 2) return (view, at) => view.getInt16(at, true) / 2 ** 15;
	if (bytes === 3) return (view, at) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23;
	return (view, at) => view.getInt32(at, true) / 2 ** 31;
}

/** ITU-T G.711 A-law to [-1, 1]. */
function aLaw(code: number): number {
	const value = code ^ 0x55;
	const exponent = (value >> 4) & 7;
	const mantissa = ((value & 15) << 4) + 8;
	const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
	return (value & 0x80 ? magnitude : -magnitude) / 2 ** 15;
}

/** ITU-T G.711 µ-law to [-1, 1]. */
function muLaw(code: number): number {
	const value = ~code & 0xff;
	const magnitude = ((((value & 15) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
	return (value & 0x80 ? -magnitude : magnitude) / 2 ** 15;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const tagAt = (view: DataView, at: number) =>
	view.byteLength < at + 4 ? '' : String.fromCharCode(...[0, 1, 2, 3].map(i => view.getUint8(at + i)));
