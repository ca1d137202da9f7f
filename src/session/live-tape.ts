import type {TapeFile} from './tape-file.js';
import {bytesPerSample} from './tape-header.js';

/** What a capture holds in memory while its disk does not take the tape; see `capture/protocol.ts`. Places in it count what was given up. */
export type HeldTape = {
	/** Whether the disk stalls or refuses now. */
	isNeeded(): boolean;
	/** Samples that wait for the disk, behind those of the file. */
	heldSamples(): number;
	/** Samples that were given up so far. */
	lostSamples(): number;
	/** Which capture it is: another one has nothing of what the last one held. */
	source(): number;
	/** Samples from `fromSample` on, or from later where those are not held (any more); undefined where no capture answers. */
	read(fromSample: number): Promise<HeldAnswer | undefined>;
};

/** `samples` from place `fromSample`, 16-bit little-endian. */
export type HeldAnswer = {fromSample: number; lostSamples: number; samples: Buffer};

type Away = {offset: number; source: number; filePlace: number; lostSamples: number};

/**
 * A tape that is read on in the memory of its capture while the disk takes nothing. Time goes on there as it was heard; when the file goes on, its reader is led to the place
 * where that lies on the tape, which is further back by what was given up.
 */
export class LiveTape implements TapeFile {
	readonly #file: TapeFile;
	readonly #held: HeldTape;
	/** While it reads from memory: what leads from the reader's place to the capture's, which capture that is, and where the file's samples ended. */
	#away: Away | undefined;

	constructor(file: TapeFile, held: HeldTape) {
		this.#file = file;
		this.#held = held;
	}

	extent(): ReturnType<TapeFile['extent']> {
		return this.#file.extent();
	}

	/** As `TapeFile.read`; `fromSample` may also be earlier than what was asked for, when the file goes on there. */
	async read(sample: number, bytes: Buffer): ReturnType<TapeFile['read']> {
		if (!this.#away) {
			const found = await this.#file.read(sample, bytes);
			if (found.nSamples > 0 || !this.#held.isNeeded()) return found;
			const lostSamples = this.#held.lostSamples();
			this.#away = {offset: lostSamples, source: this.#held.source(), filePlace: sample, lostSamples};
		}
		return this.#readHeld(this.#away, sample, bytes);
	}

	close(): Promise<void> {
		return this.#file.close();
	}

	async #readHeld(away: Away, sample: number, bytes: Buffer): ReturnType<TapeFile['read']> {
		if (this.#held.source() !== away.source) {
			// What the last capture held is gone with it, and the next one goes on at the end of the file.
			this.#away = undefined;
			return {fromSample: away.filePlace, nSamples: 0};
		}
		const place = sample + away.offset;
		const answer = await this.#held.read(place);
		if (answer) away.lostSamples = answer.lostSamples;
		const nHeld = answer ? Math.floor(answer.samples.length / bytesPerSample) : 0;
		if (answer?.fromSample === place && nHeld > 0) {
			const nCopied = answer.samples.copy(bytes, 0, 0, nHeld * bytesPerSample);
			return {fromSample: sample, nSamples: nCopied / bytesPerSample};
		}
		// Not before what was read from the file: what lies behind it came later.
		const onFile = Math.max(place - away.lostSamples, away.filePlace);
		const found = await this.#file.read(onFile, bytes);
		const isAtEnd = answer !== undefined && nHeld === 0 && !this.#held.isNeeded();
		if (found.nSamples > 0 || isAtEnd) {
			this.#away = undefined;
			return found.fromSample === sample ? found : {fromSample: found.fromSample, nSamples: 0};
		}
		const nGivenUp = answer && nHeld > 0 ? answer.fromSample - place : 0;
		return {fromSample: sample + nGivenUp, nSamples: 0};
	}
}
