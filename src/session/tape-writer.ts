import type {TapeDisk} from './disk.js';
import {HeldSamples} from './held-samples.js';
import {bytesPerSample, closedTapeHeader, tapeOffset} from './tape-header.js';

/** How the disk takes the tape: `slow` when a call lasts longer than a second, `refused` when it fails (full, read-only, broken). */
export type DiskHealth = 'ok' | 'slow' | 'refused';

/** Samples that were heard and never reached the tape: they would stand before sample `atSample`. */
export type LostSpan = {atSample: number; nSamples: number};

/** How a tape is written; the defaults are for recording. Callbacks are called between appends, must not throw and should return soon. */
export type TapeWriterOptions = {
	/** Pause between two syncs, in ms: half of the second that may be lost, as a sample may just miss one. @default 500 */
	syncEveryMs?: number;
	/** A disk that keeps a call longer than this is slow, in ms. @default 1000 */
	slowMs?: number;
	/** Pause before a refused write is tried again, in ms. @default 1000 */
	retryEveryMs?: number;
	/** Seconds of samples that are kept in memory while the disk is slow or refuses. @default 60 */
	holdSeconds?: number;
	/** The disk's health changed; `error` is why it refuses. */
	onHealth?(health: DiskHealth, error?: unknown): void;
	/** A span was lost; called when the tape takes samples again, or at its end. */
	onLost?(span: LostSpan): void;
	/** The first `nSamples` of the tape are on the medium. */
	onSynced?(nSamples: number): void;
};

/** Bytes of samples in one write: some seconds, so that a backlog leaves in few calls. */
const maxWriteBytes = 1 << 18;

/**
 * Appends to a tape and never makes its caller wait. What is appended is held in memory until it is known to be on the medium: a disk that stalls
 * or fails delays it, and a sync that fails makes it be written again, because the system may have dropped the pages. Beyond `holdSeconds` the oldest are given up.
 * Writes and syncs are made in two threads (`TapeDisk`), neither in the caller's.
 */
export class TapeWriter {
	readonly sampleRate: number;
	readonly #disk: TapeDisk;
	readonly #options: Required<Omit<TapeWriterOptions, 'onHealth' | 'onLost' | 'onSynced'>> & TapeWriterOptions;
	readonly #held = new HeldSamples();
	readonly #syncTimer: NodeJS.Timeout;
	#writtenSamples: number;
	#syncedSamples: number;
	#lostSamples = 0;
	/** What was lost where the tape has not yet gone on. */
	#lostSpans: LostSpan[] = [];
	#health: DiskHealth = 'ok';
	#writeRefusal: {error: unknown} | undefined;
	#syncRefusal: {error: unknown} | undefined;
	#overdueCalls = 0;
	#mustRewrite = false;
	#writing: Promise<void> | undefined;
	#syncing: Promise<void> | undefined;
	#retryTimer: NodeJS.Timeout | undefined;
	#isFinished = false;

	/** Goes on after the first `nSamples` of the tape on `disk`, which belongs to the writer from then on. */
	constructor(disk: TapeDisk, sampleRate: number, nSamples: number, options: TapeWriterOptions = {}) {
		this.sampleRate = sampleRate;
		this.#disk = disk;
		this.#options = {syncEveryMs: 500, slowMs: 1000, retryEveryMs: 1000, holdSeconds: 60, ...options};
		this.#writtenSamples = nSamples;
		this.#syncedSamples = nSamples;
		this.#syncTimer = setInterval(() => this.#sync(), this.#options.syncEveryMs);
	}

	/** Samples that the tape has, readable by others, though perhaps only in the system's memory. */
	get writtenSamples(): number {
		return this.#writtenSamples;
	}

	/** Samples that the tape has on the medium. */
	get syncedSamples(): number {
		return this.#syncedSamples;
	}

	/** Samples that wait in memory for the disk. */
	get unwrittenSamples(): number {
		return this.#held.unwrittenCount;
	}

	/** Samples that were given up. */
	get lostSamples(): number {
		return this.#lostSamples;
	}

	/** How the disk takes the tape now. */
	get health(): DiskHealth {
		return this.#health;
	}

	/** Resolves when the writes that are under way have been made, or refused. */
	async written(): Promise<void> {
		await this.#writing;
	}

	/**
	 * Up to `limit` samples that wait in memory for the disk, from sample `fromSample` of the tape that will be: none where the tape has it already, or nothing was heard yet. A copy.
	 */
	unwritten(fromSample: number, limit: number): Int16Array<ArrayBuffer> {
		const from = fromSample - this.#writtenSamples;
		return from < 0 ? new Int16Array() : this.#held.unwritten(from, limit);
	}

	/** Takes `samples`, whose array belongs to the writer from then on. Never waits. */
	append(samples: Int16Array): void {
		if (this.#isFinished) throw new Error('This tape is finished.');
		if (samples.length === 0) return;
		this.#held.add(samples);
		const lost = this.#held.trim(this.#options.holdSeconds * this.sampleRate);
		if (lost > 0) this.#lose(this.#nextSample(), lost);
		if (!this.#writeRefusal) this.#write();
	}

	/**
	 * Brings what is held to the disk, closes the sizes in the header and the file. What the disk refuses even now is lost, and said so. Waits as
	 * long as the disk does. Throws what the system says when the header cannot be closed: `repairTape` can do that later.
	 */
	async finish(): Promise<void> {
		this.#isFinished = true;
		clearInterval(this.#syncTimer);
		clearTimeout(this.#retryTimer);
		await this.#writing;
		await this.#syncing;
		await this.#settle();
		if (this.#held.unwrittenCount > 0) this.#lose(this.#writtenSamples, this.#held.unwrittenCount);
		this.#reportLost(Number.POSITIVE_INFINITY);
		try {
			await this.#disk.write(closedTapeHeader(this.sampleRate, this.#writtenSamples), 0);
			await this.#disk.sync();
		} finally {
			await this.#disk.close();
		}
	}

	/** One last attempt; a failed sync gets a second one, as its samples are written again. */
	async #settle(): Promise<void> {
		for (let attempt = 0; attempt < 2; attempt++) {
			this.#write();
			await this.#writing;
			if (this.#held.unwrittenCount > 0) return;
			this.#sync();
			await this.#syncing;
			if (!this.#mustRewrite && this.#held.unwrittenCount === 0) return;
		}
	}

	/** Where the first sample that waits will stand. */
	#nextSample(): number {
		return this.#writtenSamples + this.#held.unwrittenCount - this.#held.waitingCount;
	}

	#write(): void {
		clearTimeout(this.#retryTimer);
		this.#writing ??= this.#writeAll().finally(() => {
			this.#writing = undefined;
		});
	}

	async #writeAll(): Promise<void> {
		for (;;) {
			if (this.#mustRewrite) {
				this.#writtenSamples -= this.#held.rewrite();
				this.#mustRewrite = false;
			}
			if (this.#held.waitingCount === 0) return;
			const samples = this.#held.leave(maxWriteBytes / bytesPerSample);
			try {
				// A tape is little-endian, and so is every machine that Node 20 and the engine run on.
				const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
				const position = tapeOffset(this.#writtenSamples);
				const written = Math.floor((await this.#timed(() => this.#disk.write(bytes, position))) / bytesPerSample);
				if (written === 0) throw new Error('The disk took less than a sample.');
				this.#held.wrote(written);
				this.#writtenSamples += written;
				this.#writeRefusal = undefined;
			} catch (error) {
				this.#held.keep();
				this.#writeRefusal = {error};
				this.#retryLater();
			}
			this.#tellHealth();
			this.#reportLost(this.#writtenSamples);
			if (this.#writeRefusal) return;
		}
	}

	/** `nSamples` that would have stood before sample `atSample` are lost; what was lost behind them moves up. */
	#lose(atSample: number, nSamples: number): void {
		this.#lostSamples += nSamples;
		for (const span of this.#lostSpans) if (span.atSample > atSample) span.atSample -= nSamples;
		const same = this.#lostSpans.filter(span => span.atSample === atSample);
		const others = this.#lostSpans.filter(span => span.atSample !== atSample);
		const lost = same.reduce((sum, span) => sum + span.nSamples, nSamples);
		this.#lostSpans = [...others, {atSample, nSamples: lost}].sort((a, b) => a.atSample - b.atSample);
	}

	/** Reports what was lost before sample `end`: the tape has gone on there, so no more will be. */
	#reportLost(end: number): void {
		const ended = this.#lostSpans.filter(span => span.atSample < end);
		this.#lostSpans = this.#lostSpans.filter(span => span.atSample >= end);
		for (const span of ended) this.#options.onLost?.(span);
	}

	#retryLater(): void {
		clearTimeout(this.#retryTimer);
		if (!this.#isFinished) this.#retryTimer = setTimeout(() => this.#write(), this.#options.retryEveryMs);
	}

	#sync(): void {
		// After a failed sync the next one would succeed without the pages that the system dropped: they are written again first.
		if (this.#mustRewrite || this.#writtenSamples === this.#syncedSamples) return;
		this.#syncing ??= this.#syncOnce().finally(() => {
			this.#syncing = undefined;
		});
	}

	async #syncOnce(): Promise<void> {
		const nSamples = this.#writtenSamples;
		try {
			await this.#timed(() => this.#disk.sync());
			this.#syncedSamples = nSamples;
			this.#held.synced(this.#writtenSamples - nSamples);
			this.#syncRefusal = undefined;
		} catch (error) {
			this.#syncRefusal = {error};
			this.#mustRewrite = true;
			this.#retryLater();
		}
		this.#tellHealth();
		if (!this.#syncRefusal) this.#options.onSynced?.(nSamples);
	}

	/** Waits for a call of the disk; one that lasts makes the disk slow until it returns. */
	async #timed<Result>(call: () => Promise<Result>): Promise<Result> {
		let isOverdue = false;
		const timer = setTimeout(() => {
			isOverdue = true;
			this.#overdueCalls++;
			this.#tellHealth();
		}, this.#options.slowMs);
		try {
			return await call();
		} finally {
			clearTimeout(timer);
			if (isOverdue) this.#overdueCalls--;
		}
	}

	#tellHealth(): void {
		const refusal = this.#writeRefusal ?? this.#syncRefusal;
		const health = refusal ? 'refused' : this.#overdueCalls > 0 ? 'slow' : 'ok';
		if (health === this.#health) return;
		this.#health = health;
		this.#options.onHealth?.(health, refusal?.error);
	}
}
