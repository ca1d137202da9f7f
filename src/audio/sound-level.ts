/** Level of what is quieter than anything: digital silence. */
export const silentDb = -100;

const windowMs = 100;
/** Devices give something every few ms, a busy machine every few hundred. */
const stalledMs = 1000;
/** A peak that nothing renews falls so fast that it leaves a quiet room's level in seconds. */
const peakFallDbPerSecond = 20;

/** How loud a microphone is, in dB below full scale: the level of the last 100 ms and a peak that decays, in time of audio. */
export class SoundLevel {
	/** Sums of squares, newest last, over at least the window. */
	#blocks: {sum: number; nSamples: number}[] = [];
	#peakDb = silentDb;
	#lastSoundMs: number;
	#lastSampleMs: number;

	/** `now` gives milliseconds of a steady clock. */
	constructor(private readonly now: () => number = () => performance.now()) {
		this.#lastSoundMs = now();
		this.#lastSampleMs = this.#lastSoundMs;
	}

	/** Level of the last 100 ms (RMS), at least `silentDb`; a device that gives nothing is silent. */
	get levelDb(): number {
		if (this.#hasStalled) return silentDb;
		const nSamples = this.#blocks.reduce((sum, block) => sum + block.nSamples, 0);
		const sum = this.#blocks.reduce((sum, block) => sum + block.sum, 0);
		return nSamples === 0 ? silentDb : decibels(Math.sqrt(sum / nSamples));
	}

	/** The loudest sample, falling by 20 dB a second. */
	get peakDb(): number {
		return this.#hasStalled ? silentDb : Math.max(this.#peakDb, silentDb);
	}

	/** For so long nothing but zeros came, or nothing at all. */
	get silentMs(): number {
		return this.now() - this.#lastSoundMs;
	}

	/** Hears `samples` at `sampleRate` Hz. */
	add(samples: Int16Array, sampleRate: number): void {
		this.#lastSampleMs = this.now();
		let sum = 0;
		let peak = 0;
		for (const sample of samples) {
			sum += sample * sample;
			peak = Math.max(peak, Math.abs(sample));
		}
		if (peak > 0) this.#lastSoundMs = this.now();
		this.#peakDb = Math.max(decibels(peak), this.#peakDb - (peakFallDbPerSecond * samples.length) / sampleRate);
		this.#blocks.push({sum, nSamples: samples.length});
		let excess = this.#blocks.reduce((sum, block) => sum + block.nSamples, 0) - (windowMs * sampleRate) / 1000;
		while (this.#blocks.length > 1 && this.#blocks[0]!.nSamples <= excess) excess -= this.#blocks.shift()!.nSamples;
	}

	/** Begins anew: another device is open, or none. */
	reset(): void {
		this.#blocks = [];
		this.#peakDb = silentDb;
		this.#lastSoundMs = this.now();
		this.#lastSampleMs = this.#lastSoundMs;
	}

	get #hasStalled(): boolean {
		return this.now() - this.#lastSampleMs > stalledMs;
	}
}

/** dB below full scale of a 16-bit amplitude. */
const decibels = (amplitude: number) => Math.max(silentDb, 20 * Math.log10(amplitude / 2 ** 15));
