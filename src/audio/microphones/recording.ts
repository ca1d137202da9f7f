import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {AudioError} from '../audio-error.js';
import {ByteReader} from '../byte-reader.js';
import type {DecodedAudio} from '../decoded-audio.js';
import {openRawPcm, openWav} from '../wav.js';

/** A WAV file, or raw 16-bit mono, read as 16-bit mono samples. Those of a 16-bit mono file come as they are. */
export class Recording {
	readonly sampleRate: number;
	readonly #bytes: ByteReader;
	readonly #blocks: AsyncIterator<Float32Array>;
	#left = new Float32Array(0);

	/** Opens `file`; with `rawRate` it has no header. Throws `AudioError`. */
	static async open(file: string, rawRate: number | undefined): Promise<Recording> {
		const info = await stat(file).catch(error => {
			throw new AudioError('no-device', `The recording ${file} cannot be played as a microphone (${error.code}).`);
		});
		const bytes = new ByteReader(createReadStream(file, {highWaterMark: 1 << 16}), info.size);
		try {
			return new Recording(bytes, rawRate === undefined ? await openWav(bytes, []) : openRawPcm(bytes, rawRate, []));
		} catch (error) {
			await bytes.close();
			throw error;
		}
	}

	private constructor(bytes: ByteReader, {sampleRate, blocks}: DecodedAudio) {
		this.#bytes = bytes;
		this.sampleRate = sampleRate;
		this.#blocks = blocks[Symbol.asyncIterator]();
	}

	/** Takes the next samples, at least one and at most `length`; none only at the end. */
	async readSome(length: number): Promise<Int16Array<ArrayBuffer>> {
		while (this.#left.length === 0) {
			const {done, value} = await this.#blocks.next();
			if (done) return new Int16Array(0);
			this.#left = value as Float32Array<ArrayBuffer>;
		}
		const taken = this.#left.subarray(0, length);
		this.#left = this.#left.subarray(taken.length);
		return Int16Array.from(taken, sample => Math.max(-0x8000, Math.min(0x7fff, Math.round(sample * 0x8000))));
	}

	/** Passes over the next `length` samples, or to the end; returns how many it passed. */
	async skip(length: number): Promise<number> {
		let passed = 0;
		while (passed < length) {
			const {length: some} = await this.readSome(length - passed);
			if (some === 0) break;
			passed += some;
		}
		return passed;
	}

	/** Releases the file. */
	close(): Promise<void> {
		return this.#bytes.close();
	}
}
