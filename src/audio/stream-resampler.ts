import type library from '@alexanderolsen/libsamplerate-js';

type Converter = Awaited<ReturnType<typeof library.create>>;

/** Input samples that one call of the library takes: its buffers hold some seconds. */
const maxCallSamples = 4096;

/**
 * Changes the rate of 16-bit mono samples that come from a microphone, in pieces of any length, from `fromRate` to `toRate` Hz by libsamplerate (sinc, medium quality: −0.3 dB at
 * 7 kHz for 16 kHz). The filter holds the last 2 ms back until `flush`. It takes 26 MB of memory: one per device, closed with it.
 */
export class StreamResampler {
	readonly #converter: Converter;
	readonly #ratio: number;
	#taken = 0;
	#given = 0;

	/** Loads the library and makes one. */
	static async create(fromRate: number, toRate: number): Promise<StreamResampler> {
		const {default: libsamplerate} = await import('@alexanderolsen/libsamplerate-js');
		const converter = await libsamplerate.create(1, fromRate, toRate, {
			converterType: libsamplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY,
		});
		return new StreamResampler(converter, toRate / fromRate);
	}

	private constructor(converter: Converter, ratio: number) {
		this.#converter = converter;
		this.#ratio = ratio;
	}

	/** What is ready after `samples`, in memory of its own. */
	feed(samples: Int16Array): Int16Array<ArrayBuffer> {
		this.#taken += samples.length;
		const pieces: Int16Array[] = [];
		for (let at = 0; at < samples.length; at += maxCallSamples) {
			pieces.push(this.#convert(Float32Array.from(samples.subarray(at, at + maxCallSamples), toFloat)));
		}
		return this.#joined(pieces);
	}

	/** What the filter still holds: then as many samples came out as went in, times the ratio. Nothing may be fed after it. */
	flush(): Int16Array<ArrayBuffer> {
		const missing = Math.round(this.#taken * this.#ratio) - this.#given;
		const pieces: Int16Array[] = [];
		for (let left = missing; left > 0; ) {
			const piece = this.#convert(new Float32Array(maxCallSamples)).subarray(0, left);
			left -= piece.length;
			pieces.push(piece);
		}
		return this.#joined(pieces);
	}

	/** Releases the library's memory. */
	close(): void {
		this.#converter.destroy();
	}

	#convert(samples: Float32Array): Int16Array {
		return Int16Array.from(this.#converter.full(samples), toInt16);
	}

	#joined(pieces: readonly Int16Array[]): Int16Array<ArrayBuffer> {
		const joined = new Int16Array(pieces.reduce((sum, {length}) => sum + length, 0));
		let at = 0;
		for (const piece of pieces) {
			joined.set(piece, at);
			at += piece.length;
		}
		this.#given += joined.length;
		return joined;
	}
}

const toFloat = (sample: number) => sample / 0x8000;
const toInt16 = (sample: number) => Math.max(-0x8000, Math.min(0x7fff, Math.round(sample * 0x8000)));
