import type {AudioSource} from '../../src/audio/audio-source.js';
import {ByteReader} from '../../src/audio/byte-reader.js';
import {type OpenAudioOptions, openAudio} from '../../src/audio/open-audio.js';
import {openWav} from '../../src/audio/wav.js';

/** All samples of a source, with its chunks checked: in order, without gaps, at most a second, each with its own memory. */
export async function readAll(source: AudioSource): Promise<Float32Array> {
	const all: number[] = [];
	for await (const {samples, startSample} of source.chunks()) {
		if (startSample !== all.length) throw new Error(`A chunk begins at ${startSample}, after ${all.length} samples.`);
		if (samples.length > source.sampleRate) throw new Error(`A chunk has ${samples.length} samples.`);
		if (samples.buffer.byteLength !== samples.byteLength) throw new Error('A chunk shares its memory.');
		for (const sample of samples) all.push(sample);
	}
	return Float32Array.from(all);
}

/** Opens and reads a recording. */
export async function readAudio(input: string, options: OpenAudioOptions) {
	const source = await openAudio(input, options);
	const samples = await readAll(source);
	return {samples, warnings: source.warnings, estimatedSamples: source.estimatedSamples};
}

/** `bytes` as they might come: `size` at a time. */
export async function* inPieces(bytes: Uint8Array, size = 4096): AsyncGenerator<Uint8Array> {
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Reads a WAV file that lies in memory, at its own rate. */
export async function readWav(bytes: Uint8Array, {pieceBytes = 4096, isFile = true} = {}) {
	const warnings: string[] = [];
	const reader = new ByteReader(inPieces(bytes, pieceBytes), isFile ? bytes.length : undefined);
	const {sampleRate, blocks} = await openWav(reader, warnings);
	const samples: number[] = [];
	for await (const block of blocks) for (const sample of block) samples.push(sample);
	return {sampleRate, samples, warnings};
}
