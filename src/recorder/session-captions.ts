import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {AudioSource} from '../audio/audio-source.js';
import type {CaptionEvent, EngineClient, EngineOptions} from '../engine/client.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {HeldTape} from '../session/live-tape.js';
import {createResumeFilter, resumePoint} from '../session/resume.js';
import type {Segment} from '../session/segment.js';
import {sessionFiles} from '../session/session-record.js';
import type {TapeExtent} from '../session/tape.js';
import {tapeExtent} from '../session/tape-file.js';
import {readTape} from '../session/tape-reader.js';
import {Captioning} from './captioning.js';
import {Pace} from './pace.js';

/** What captions of a session are made of. */
export type SessionCaptionsOptions = {
	folder: string;
	engine: EngineOptions;
	/** @default the engine in its worker */
	startEngine?(options: EngineOptions): Promise<EngineClient>;
	/** What the journal holds already: captions go on behind it. */
	entries: readonly JournalEntry[];
	/** Samples of the tape before which something was not recorded, in order; may grow at any time. */
	gaps: readonly number[];
	isGrowing(): boolean;
	/** What capture holds in memory while the disk takes nothing. */
	held?: HeldTape;
	onState(state: 'loading' | 'running' | 'failed', problem?: string): void;
	/** The open line changed. */
	onOpen(segment: Segment | undefined): void;
	/** A caption is final: it goes into the journal. */
	onFinal(segment: Segment): void;
	/** The tape is decoded up to `decodedMs`, and the engine has computed for `computeMs` since it was started. */
	onProgress?(decodedMs: number, computeMs: number): void;
	/** The model had written nothing while speech was heard, and was started anew at `atMs`. */
	onRestart?(atMs: number): void;
};

/** Finals that a fresh engine is shown as known: more than are said in the time that it hears again. */
const maxKnownFinals = 100;
/** Pause between two looks for a tape that is not begun yet, in ms. */
const lookEveryMs = 50;

/**
 * The captions of one session's tape. A fresh engine, after a crash of the recorder or of the engine itself, hears the last seconds again, and what the journal has of them is not said twice.
 */
export class SessionCaptions {
	readonly pace = new Pace();
	readonly #options: SessionCaptionsOptions;
	readonly #captioning: Captioning;
	readonly #finals: JournalEntry[];
	#delayMs = 0;
	#engineRate = 0;
	#rate = 0;
	#restarts = 0;
	#filter: ReturnType<typeof createResumeFilter> = event => event;

	constructor(options: SessionCaptionsOptions) {
		this.#options = options;
		this.#finals = options.entries.filter(({type}) => type === 'final').slice(-maxKnownFinals);
		const {engine, startEngine, isGrowing, onState} = options;
		this.#captioning = new Captioning({
			engine,
			startEngine,
			isGrowing,
			onState: (state, problem) => {
				if (state !== 'running') options.onOpen(undefined);
				onState(state, problem);
			},
			openTape: (sampleRate, signal) => this.#openTape(sampleRate, signal),
			onBegin: delayMs => {
				this.#delayMs = delayMs;
			},
			onEvent: event => this.#take(event),
		});
	}

	/** Resolves when the tape is captioned to its end: true where nothing was given up. */
	get done(): Promise<boolean> {
		return this.#captioning.done;
	}

	/** How late the model writes what it hears. */
	get delayMs(): number {
		return this.#delayMs;
	}

	/** Rate of the tape, in Hz; 0 before it was opened. */
	get tapeRate(): number {
		return this.#rate;
	}

	/** Ends the captions where they are. */
	abort(): void {
		this.#captioning.abort();
	}

	async #openTape(sampleRate: number, signal: AbortSignal): Promise<AudioSource | undefined> {
		const {folder, gaps, held, isGrowing} = this.#options;
		const file = path.join(folder, sessionFiles.tape);
		const extent = await this.#tapeExtent(file, signal);
		if (extent === undefined) return undefined;
		const {sampleRate: tapeRate, nSamples} = extent;
		this.#rate = tapeRate;
		const endMs = ((nSamples + (held?.heldSamples() ?? 0)) * 1000) / tapeRate;
		const point = resumePoint([...this.#gapEntries(), ...this.#finals.map(final => endingBy(final, endMs))], tapeRate);
		this.#filter = createResumeFilter(point);
		this.#engineRate = sampleRate;
		this.pace.restart((point.fromSample * 1000) / tapeRate);
		return readTape(file, {
			fromSample: point.fromSample,
			sampleRate,
			isGrowing,
			nextGap: sample => gaps.find(gap => gap > sample),
			...(held && {held}),
			signal,
		});
	}

	#take(event: CaptionEvent): void {
		if (event.type === 'progress') {
			const decodedMs = (event.decodedSamples * 1000) / this.#engineRate;
			this.pace.decoded(decodedMs, event.computeMs, performance.now());
			this.#options.onProgress?.(decodedMs, event.computeMs);
			if (event.restarts > this.#restarts) this.#options.onRestart?.(decodedMs);
			this.#restarts = event.restarts;
			return;
		}
		const fresh = this.#filter(event);
		if (event.type === 'partial') {
			if (fresh) this.#options.onOpen(fresh.segment);
			return;
		}
		if (fresh) {
			this.#finals.push({type: 'final', atSample: 0, wallMs: 0, segment: fresh.segment});
			if (this.#finals.length > 2 * maxKnownFinals) this.#finals.splice(0, maxKnownFinals);
			this.#options.onFinal(fresh.segment);
		}
		// Behind it, so that no viewer sees the words gone while the disk takes them.
		this.#options.onOpen(undefined);
	}

	/** Rate and length of the tape, as soon as there is one: the microphone may take its time. Undefined where there will be none. */
	async #tapeExtent(file: string, signal: AbortSignal): Promise<TapeExtent | undefined> {
		for (;;) {
			const mayGrow = this.#options.isGrowing() && !signal.aborted;
			try {
				return await tapeExtent(file);
			} catch (error) {
				if (!isMissing(error)) throw error;
			}
			if (!mayGrow) return undefined;
			await setTimeout(lookEveryMs, undefined, {signal}).catch(() => {});
		}
	}

	#gapEntries(): JournalEntry[] {
		return this.#options.gaps.map(atSample => ({type: 'gap', atSample, wallMs: 0, lostMs: 0, why: 'device'}));
	}
}

const isMissing = (error: unknown) => ['ENOENT', 'not-found'].includes((error as NodeJS.ErrnoException).code ?? '');

/** A final whose samples were given up before the disk took them ends where the tape goes on: what is said there is no repetition of it. */
function endingBy(entry: JournalEntry, endMs: number): JournalEntry {
	if (entry.type !== 'final' || entry.segment.endMs <= endMs) return entry;
	const cut = <Timed extends {startMs: number; endMs: number}>(timed: Timed): Timed => ({
		...timed,
		startMs: Math.min(timed.startMs, endMs),
		endMs: Math.min(timed.endMs, endMs),
	});
	return {...entry, segment: {...cut(entry.segment), words: entry.segment.words.map(cut)}};
}
