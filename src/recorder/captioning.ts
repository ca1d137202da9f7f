import {setTimeout} from 'node:timers/promises';
import type {AudioSource} from '../audio/audio-source.js';
import {
	type CaptionEvent,
	type EngineClient,
	type EngineOptions,
	startEngine as startRealEngine,
} from '../engine/client.js';
import {checkNative} from '../models/native-check.js';

/** What captions are made of, and how. */
export type CaptioningOptions = {
	engine: EngineOptions;
	/** @default the engine in its worker */
	startEngine?(options: EngineOptions): Promise<EngineClient>;
	/** Opens the tape where captions go on, at the engine's rate; called anew for every engine. Undefined where there is none and will be none. */
	openTape(sampleRate: number, signal: AbortSignal): Promise<AudioSource | undefined>;
	/** Whether the tape may still grow: as long as it may, an engine that fails is started again and again. */
	isGrowing(): boolean;
	/** An engine loads, runs, or failed, for `problem`, and is started again. Untrusted. */
	onState(state: 'loading' | 'running' | 'failed', problem?: string): void;
	/** A fresh engine begins to read. `delayMs`: how late it writes what it hears. */
	onBegin(delayMs: number): void;
	onEvent(event: CaptionEvent): void;
};

/** Pauses before an engine that failed is started again, in ms; the last one is repeated. */
const pausesMs = [0, 1000, 5000, 15_000];
/** When nothing more is recorded, so many engines in a row may fail before what is left is given up. */
const maxFailuresAtEnd = 3;

/**
 * Captions a tape to its end, however many engines that takes: one that cannot be loaded or dies is started again, and the captions go on from the tape. Nothing is lost meanwhile,
 * because what is not captioned waits on the tape.
 */
export class Captioning {
	readonly #options: CaptioningOptions;
	readonly #abort = new AbortController();
	/** Resolves when the tape is captioned to its end, or `abort` was called: true where nothing was given up. */
	readonly done: Promise<boolean>;

	constructor(options: CaptioningOptions) {
		this.#options = options;
		this.done = this.#run();
	}

	/** Ends the captions where they are; what was heard up to there is still captioned. */
	abort(): void {
		this.#abort.abort();
	}

	async #run(): Promise<boolean> {
		for (let failures = 0; !this.#abort.signal.aborted; ) {
			let hasHeard = false;
			try {
				await this.#once(() => {
					hasHeard = true;
				});
				return true;
			} catch (error) {
				failures = hasHeard ? 1 : failures + 1;
				this.#options.onState('failed', (error as Error).message);
			}
			if (!this.#options.isGrowing() && failures >= maxFailuresAtEnd) return false;
			const pauseMs = pausesMs[Math.min(failures, pausesMs.length) - 1]!;
			await setTimeout(this.#options.isGrowing() ? pauseMs : 0, undefined, {signal: this.#abort.signal}).catch(
				() => {},
			);
		}
		return true;
	}

	/** One engine's life: to the end of the tape, or to its failure, which is thrown. */
	async #once(onHeard: () => void): Promise<void> {
		const {
			onState,
			onBegin,
			onEvent,
			openTape,
			engine: engineOptions,
			startEngine = startCheckedEngine,
		} = this.#options;
		const {signal} = this.#abort;
		onState('loading');
		const engine = await startEngine(engineOptions);
		let tape: AudioSource | undefined;
		try {
			onState('running');
			onBegin(engine.delayMs);
			tape = await openTape(engine.sampleRate, signal);
			if (!tape) return;
			for await (const event of eventsOf(engine, tape, signal)) {
				if (event.type === 'final') onHeard();
				onEvent(event);
			}
		} finally {
			await tape?.close();
			await engine.close();
		}
	}
}

const eventsOf = (engine: EngineClient, tape: AudioSource, signal: AbortSignal) => engine.captions(tape, {signal});

const startCheckedEngine: typeof startRealEngine = async options => {
	await checkNative();
	return startRealEngine(options);
};
