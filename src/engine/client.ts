import type {AudioSource} from '../audio/audio-source.js';
import type {FromEngine} from './protocol.js';

/** `threads`: for one call of the model; `maxFramesPerCall`: T of design §5, 1 … 8. */
export type EngineOptions = {modelDir: string; threads?: number; maxFramesPerCall?: number};

/** What the captions of one source are made of, in order. */
export type CaptionEvent = Extract<FromEngine, {type: 'partial' | 'final' | 'progress'}>;

/** An engine in its worker thread. */
export type EngineClient = {
	/** Rate that the engine eats, in Hz: ask the audio source for it. */
	readonly sampleRate: number;
	readonly delayMs: number;
	/**
	 * Captions of one source, from first to last sample: pulls from it, at most one second ahead of the engine. Ends after the last final.
	 * Aborting ends the iteration early after a `final` for the open segment. Throws `EngineError`, and what the source throws,
	 * after a `final` for what was heard before.
	 */
	captions(source: AudioSource, options?: {signal?: AbortSignal}): AsyncIterable<CaptionEvent>;
	/** Ends the worker; safe at any time, more than once. */
	close(): Promise<void>;
};

/** Starts a worker and loads the package at `modelDir` in it. Throws `EngineError` when the package is refused. */
export declare function startEngine(options: EngineOptions): Promise<EngineClient>;
