import {stat} from 'node:fs/promises';
import {StreamResampler} from '../audio/stream-resampler.js';
import type {GapReason} from '../session/journal-entry.js';
import {beginShortTape, continueShortTape, isShortTape} from '../session/short-tape.js';
import {beginTape, continueTape} from '../session/tape.js';
import type {LostSpan, TapeWriter, TapeWriterOptions} from '../session/tape-writer.js';
import type {CaptureEvents} from './capture-events.js';

/** How a tape is fed. */
export type TapeFeedOptions = {
	/** Path of the tape. */
	file: string;
	/** The tape forgets what is older than a minute. */
	isOffRecord: boolean;
	events: CaptureEvents;
	/** Why a tape that is there already has no samples since it broke off. @default 'capture' */
	why?: GapReason;
	/** Wall clock at which it broke off. @default when it was written last */
	sinceWallMs?: number | undefined;
};

/** A stretch without samples that goes on. */
type Gap = {why: GapReason; wallMs: number; beganMs: number};

/** Samples that may wait for the disk before a recording that is played as fast as possible has to, in seconds. */
const restedSeconds = 5;

/**
 * Puts what the device gives on the session's tape, at the tape's rate, and says where the tape has no samples and why. The tape is begun at the rate of the device that is opened
 * first, or continued where a dead capture left it.
 */
export class TapeFeed {
	readonly #options: TapeFeedOptions;
	#tape: TapeWriter | undefined;
	#gap: Gap | undefined;
	/** When the newest samples came, by the steady clock. */
	#lastSampleMs: number | undefined;
	/** The device that is told last. */
	#told: {name: string; sampleRate: number} | undefined;
	#resampler: StreamResampler | undefined;
	/** While the resampler is loaded: what came meanwhile. */
	#loading: {ended: Promise<void>; early: Int16Array[]} | undefined;
	/** Wall clock of the first sample that was given up since the disk took samples last. */
	#lossWallMs: number | undefined;
	/** Why the disk refuses. */
	#refusal: unknown;

	constructor(options: TapeFeedOptions) {
		this.#options = options;
	}

	/** The tape; undefined before the first device was opened. */
	get tape(): TapeWriter | undefined {
		return this.#tape;
	}

	/** Why the disk refuses, undefined while it does not. */
	get refusal(): unknown {
		return this.#refusal;
	}

	/** Samples of the tape as it will be when the disk has taken what waits. */
	get nSamples(): number {
		return this.#tape ? this.#tape.writtenSamples + this.#tape.unwrittenSamples : 0;
	}

	/** Goes on at the end of the tape, where there is one already. Throws `SessionError` where the file is no tape. */
	async continue(): Promise<void> {
		const {file, isOffRecord, why = 'capture', sinceWallMs} = this.#options;
		// Asked first: to go on changes the file.
		const lastWriteMs = await lastWrite(file);
		if (isOffRecord) {
			if (!(await isShortTape(file))) return;
			this.#tape = await continueShortTape(file, this.#writerOptions());
		} else {
			if (lastWriteMs === undefined) return;
			this.#tape = await continueTape(file, this.#writerOptions());
		}
		if (this.nSamples === 0) return;
		const wallMs = Math.min(sinceWallMs ?? lastWriteMs ?? Date.now(), Date.now());
		this.#begun({why, wallMs, beganMs: performance.now() - (Date.now() - wallMs)});
	}

	/** A device was opened, and `append` gets what it gives, at `sampleRate` Hz. */
	open(name: string, sampleRate: number): void {
		this.#tape ??= this.#begin(sampleRate);
		if (this.#told?.name !== name || this.#told.sampleRate !== sampleRate) {
			this.#told = {name, sampleRate};
			this.#options.events.add({type: 'device', atSample: this.nSamples, wallMs: Date.now(), name, sampleRate});
		}
		if (sampleRate !== this.#tape.sampleRate) this.#loadResampler(sampleRate, this.#tape.sampleRate);
	}

	/** Takes `samples` of the open device, whose array belongs to it from then on. Returns a promise only for a recording that is played too fast. */
	append(samples: Int16Array): void | Promise<void> {
		const nowMs = performance.now();
		if (this.#gap) this.#endGap(nowMs - (1000 * samples.length) / this.#told!.sampleRate);
		this.#lastSampleMs = nowMs;
		if (this.#loading) {
			this.#loading.early.push(samples);
			return;
		}
		return this.#put(this.#resampler ? this.#resampler.feed(samples) : samples);
	}

	/** The device is closed. Resolves when what it gave is with the tape. */
	async close(): Promise<void> {
		await this.#loading?.ended;
		if (!this.#resampler) return;
		this.#put(this.#resampler.flush());
		this.#resampler.close();
		this.#resampler = undefined;
	}

	/** No samples come for now; where a gap goes on already, it becomes one for another reason from now on. Nothing that was recorded before a first sample has gaps. */
	beginGap(why: GapReason): void {
		if (this.#gap?.why === why || this.#tape === undefined || this.nSamples === 0) return;
		const nowMs = performance.now();
		const beganMs = this.#gap ? nowMs : (this.#lastSampleMs ?? nowMs);
		if (this.#gap) this.#endGap(nowMs);
		this.#begun({why, beganMs, wallMs: Date.now() - (nowMs - beganMs)});
	}

	/** Closes the tape. Throws what the system says when its header cannot be closed. */
	async finish(): Promise<void> {
		await this.#tape?.finish();
	}

	#begin(sampleRate: number): TapeWriter {
		const {file, isOffRecord} = this.#options;
		return (isOffRecord ? beginShortTape : beginTape)(file, sampleRate, this.#writerOptions());
	}

	#writerOptions(): TapeWriterOptions {
		return {
			onLost: span => this.#tellLost(span),
			onHealth: (_, error) => {
				this.#refusal = error;
			},
		};
	}

	#put(samples: Int16Array): void | Promise<void> {
		const tape = this.#tape!;
		const lostBefore = tape.lostSamples;
		tape.append(samples);
		if (tape.lostSamples > lostBefore)
			this.#lossWallMs ??= Date.now() - (1000 * tape.unwrittenSamples) / tape.sampleRate;
		if (tape.unwrittenSamples > restedSeconds * tape.sampleRate) return tape.written();
	}

	#loadResampler(fromRate: number, toRate: number): void {
		const early: Int16Array[] = [];
		const ended = StreamResampler.create(fromRate, toRate).then(resampler => {
			this.#resampler = resampler;
			this.#loading = undefined;
			for (const samples of early) this.#put(resampler.feed(samples));
		});
		this.#loading = {ended, early};
	}

	#begun(gap: Gap): void {
		this.#gap = gap;
		const {why, wallMs} = gap;
		this.#options.events.add({type: 'gap-began', atSample: this.nSamples, wallMs, why});
	}

	#endGap(endMs: number): void {
		const {why, wallMs, beganMs} = this.#gap!;
		this.#gap = undefined;
		const lostMs = Math.max(0, endMs - beganMs);
		this.#options.events.add({type: 'gap', atSample: this.nSamples, wallMs, lostMs, why});
	}

	#tellLost({atSample, nSamples}: LostSpan): void {
		const lostMs = (1000 * nSamples) / this.#tape!.sampleRate;
		const wallMs = this.#lossWallMs ?? Date.now() - lostMs;
		this.#lossWallMs = undefined;
		this.#options.events.add({type: 'gap', atSample, wallMs, lostMs, why: 'disk'});
	}
}

async function lastWrite(file: string): Promise<number | undefined> {
	try {
		return (await stat(file)).mtimeMs;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}
