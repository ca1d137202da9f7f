/** Samples that stand together, in the order they were heard. The array is not copied. */
type Piece = Int16Array;

/**
 * What a tape's writer keeps in memory: samples in the order they were heard, each until it is known to be on the medium. Three stretches follow each other:
 * *written* (given to the system, not synced), *leaving* (being written) and *waiting*. Counts are samples.
 */
export class HeldSamples {
	#written: Piece[] = [];
	#leaving: Piece[] = [];
	#waiting: Piece[] = [];
	#nWritten = 0;
	#nLeaving = 0;
	#nWaiting = 0;

	/** All that are held. */
	get count(): number {
		return this.#nWritten + this.#nLeaving + this.#nWaiting;
	}

	/** Held and not given to the system yet. */
	get unwrittenCount(): number {
		return this.#nLeaving + this.#nWaiting;
	}

	/** Held and to be written next. */
	get waitingCount(): number {
		return this.#nWaiting;
	}

	/** Takes `samples`, newest. */
	add(samples: Piece): void {
		this.#waiting.push(samples);
		this.#nWaiting += samples.length;
	}

	/**
	 * Lets go of the oldest while more than `limit` are held, so that at least the newest `limit` stay: first what is written, which then cannot
	 * be written a second time, and after it what waits. Returns how many waiting samples are lost.
	 */
	trim(limit: number): number {
		while (this.#written.length > 0 && this.count - this.#written[0]!.length >= limit) this.#dropWritten();
		let lost = 0;
		// While any that are written are left, the newest `limit` are held without giving up one that waits.
		if (this.#written.length > 0) return lost;
		while (this.#waiting.length > 0 && this.count - this.#waiting[0]!.length >= limit) {
			const {length} = this.#waiting.shift()!;
			this.#nWaiting -= length;
			lost += length;
		}
		return lost;
	}

	/** The oldest waiting samples, about `limit` of them, in one array of their own; they are leaving until `wrote` or `keep`. */
	leave(limit: number): Int16Array {
		while (this.#waiting.length > 0 && (this.#nLeaving === 0 || this.#nLeaving + this.#waiting[0]!.length <= limit)) {
			const piece = this.#waiting.shift()!;
			this.#leaving.push(piece);
			this.#nWaiting -= piece.length;
			this.#nLeaving += piece.length;
		}
		return joined(this.#leaving, this.#nLeaving);
	}

	/** A copy of up to `limit` samples of those that were not given to the system yet, from number `from` of them on. */
	unwritten(from: number, limit: number): Int16Array<ArrayBuffer> {
		const samples = new Int16Array(Math.max(0, Math.min(limit, this.unwrittenCount - from)));
		let start = -from;
		for (const piece of [...this.#leaving, ...this.#waiting]) {
			if (start >= samples.length) break;
			if (start + piece.length > 0) {
				const wanted = piece.subarray(Math.max(0, -start), samples.length - start);
				samples.set(wanted, Math.max(0, start));
			}
			start += piece.length;
		}
		return samples;
	}

	/** The first `nSamples` of the leaving ones were taken by the system; the others wait again. */
	wrote(nSamples: number): void {
		let left = nSamples;
		while (left > 0) {
			const piece = this.#leaving[0]!;
			if (piece.length > left) {
				this.#written.push(piece.subarray(0, left));
				this.#leaving[0] = piece.subarray(left);
				left = 0;
			} else {
				this.#written.push(piece);
				this.#leaving.shift();
				left -= piece.length;
			}
		}
		this.#nWritten += nSamples;
		this.#nLeaving -= nSamples;
		this.keep();
	}

	/** None of the leaving samples was taken: they wait again. */
	keep(): void {
		this.#waiting.unshift(...this.#leaving);
		this.#nWaiting += this.#nLeaving;
		this.#leaving = [];
		this.#nLeaving = 0;
	}

	/** All but the newest `nSamples` of the written ones are on the medium: lets go of them. */
	synced(nSamples: number): void {
		while (this.#written.length > 0 && this.#nWritten - this.#written[0]!.length >= nSamples) this.#dropWritten();
	}

	/** Written samples may not have reached the medium: they wait again, before all others. Returns how many. Only while none are leaving. */
	rewrite(): number {
		const nSamples = this.#nWritten;
		this.#waiting.unshift(...this.#written);
		this.#nWaiting += nSamples;
		this.#written = [];
		this.#nWritten = 0;
		return nSamples;
	}

	#dropWritten(): void {
		this.#nWritten -= this.#written.shift()!.length;
	}
}

function joined(pieces: readonly Piece[], nSamples: number): Int16Array {
	const all = new Int16Array(nSamples);
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
}
