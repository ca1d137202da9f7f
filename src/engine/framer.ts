/** Cuts samples that come in pieces of any length into frames of `frameSamples`. */
export class Framer {
	readonly #frameSamples: number;
	#waiting = new Float32Array(0);

	constructor(frameSamples: number) {
		this.#frameSamples = frameSamples;
	}

	/** Whole frames that wait. */
	get frames(): number {
		return Math.floor(this.#waiting.length / this.#frameSamples);
	}

	/** Samples of the unfinished frame. */
	get remainder(): number {
		return this.#waiting.length % this.#frameSamples;
	}

	/** A copy of all samples that wait. */
	get waiting(): Float32Array {
		return this.#waiting.slice();
	}

	/** Takes samples in; they are copied. */
	push(samples: Float32Array): void {
		const joined = new Float32Array(this.#waiting.length + samples.length);
		joined.set(this.#waiting);
		joined.set(samples, this.#waiting.length);
		this.#waiting = joined;
	}

	/** Fills the unfinished frame up with zeros, if there is one. */
	pad(): void {
		if (this.remainder > 0) this.push(new Float32Array(this.#frameSamples - this.remainder));
	}

	/** Removes and returns `count` whole frames as [count · frameSamples]; at most as many as wait. */
	take(count: number): Float32Array {
		const length = Math.min(count, this.frames) * this.#frameSamples;
		const taken = this.#waiting.slice(0, length);
		this.#waiting = this.#waiting.subarray(length);
		return taken;
	}
}
