/** What is shown of how loud it is, in dB below full scale: 0 is as loud as samples can be. */
export type Level = {
	/** Of the last 100 ms, root mean square. */
	levelDb: number;
	/** The loudest sample, which fades by `peakFallDb` a second. */
	peakDb: number;
	/** For so long nothing came, or nothing but zeros. A microphone that works is never perfectly still. */
	silentInputMs: number;
};

/** What is quieter than this is shown as this: the smallest step of 16 bits is at −90 dB. */
export const lowestDb = -100;

const windowMs = 100;
const peakFallDb = 20;

/** Measures 16-bit mono samples as they come. `now` is a clock in milliseconds. */
export class LevelMeter {
	readonly #windowSamples: number;
	readonly #now: () => number;
	/** Squares of the last window's samples, overwritten in a ring. */
	readonly #squares: Float64Array;
	#next = 0;
	#peak = {db: lowestDb, atMs: 0};
	#heardAtMs: number;
	#lastBlockAtMs: number;

	constructor(sampleRate: number, now: () => number = () => performance.now()) {
		this.#windowSamples = Math.max(1, Math.round((windowMs * sampleRate) / 1000));
		this.#squares = new Float64Array(this.#windowSamples);
		this.#now = now;
		this.#heardAtMs = now();
		this.#lastBlockAtMs = now();
	}

	/** Takes the samples that came now. */
	feed(samples: Int16Array): void {
		const now = this.#now();
		let loudest = 0;
		for (const sample of samples) {
			loudest = Math.max(loudest, Math.abs(sample));
			this.#squares[this.#next] = sample * sample;
			this.#next = (this.#next + 1) % this.#windowSamples;
		}
		if (samples.length > 0) this.#lastBlockAtMs = now;
		if (loudest === 0) return;
		this.#heardAtMs = now;
		const db = decibels(loudest);
		if (db >= this.#peakDb(now)) this.#peak = {db, atMs: now};
	}

	/** How loud it is now. */
	read(): Level {
		const now = this.#now();
		const sum = this.#squares.reduce((total, square) => total + square, 0);
		// What was heard last says nothing about now when nothing comes any more.
		const isStale = now - this.#lastBlockAtMs > 5 * windowMs;
		return {
			levelDb: isStale ? lowestDb : decibels(Math.sqrt(sum / this.#windowSamples)),
			peakDb: this.#peakDb(now),
			silentInputMs: Math.max(0, now - this.#heardAtMs),
		};
	}

	/** The device is opened again: it is heard from now on. */
	restart(): void {
		this.#squares.fill(0);
		this.#heardAtMs = this.#now();
		this.#lastBlockAtMs = this.#now();
	}

	#peakDb(now: number): number {
		return Math.max(lowestDb, this.#peak.db - (peakFallDb * (now - this.#peak.atMs)) / 1000);
	}
}

const decibels = (magnitude: number) =>
	magnitude === 0 ? lowestDb : Math.max(lowestDb, 20 * Math.log10(magnitude / 0x8000));
