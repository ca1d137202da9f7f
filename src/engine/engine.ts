import type {Segment} from '../session/segment.js';
import {loadDelayedStreamsEngine} from './delayed-streams/engine.js';
import {checkFile, readManifest, readModelPackage} from './model-package.js';
import {findPrepared} from './prepared-copy.js';
import {EngineError} from './protocol.js';

/** What a stream says of what it heard, in order. */
export type StreamEvent = {type: 'partial' | 'final'; segment: Segment};

/** All mutable state of one listening session. */
export type EngineStream = {
	/** Takes samples in: mono, [-1, 1], any length. They are copied; nothing is computed yet. */
	feed(samples: Float32Array): void;
	/** Position on the tape up to which everything became captions' material, in whole frames. */
	readonly decodedSamples: number;
	/** How often the model was found astray, writing nothing while speech was heard, and started anew. */
	readonly restarts: number;
	/** Computes on a part of what waits; false when too little waits for a full call. */
	decode(): Promise<boolean>;
	/** Whether a pause began whose last words are not written yet, and no preview of them was shown. */
	readonly canPreview: boolean;
	/**
	 * Shows the words that are still to be written at a pause as a partial, as if silence had followed. Nothing else changes: finals and all that is computed later are
	 * the same, bit by bit, with and without.
	 */
	preview(): Promise<void>;
	/**
	 * Ends what was heard: decodes all of it and the delay's worth of silence, closes the open line, and starts from a fresh state. Time goes on at
	 * sample `nextSample` of the tape, by default where it stands. Used at the end of the audio, at gaps, and before the first sample where that is not sample 0.
	 */
	flush(nextSample?: number): Promise<void>;
};

/** Weights, loaded once and shared by every stream. */
export type Engine = {
	readonly sampleRate: number;
	readonly frameSamples: number;
	readonly delayMs: number;
	/** A fresh listening session that reports to `emit`, synchronously, while it decodes. */
	createStream(emit: (event: StreamEvent) => void): EngineStream;
	/** Releases the weights. */
	close(): Promise<void>;
};

/** `threads`: for one call of the model; `framesPerCall`: T of design §5, 1 … 8. */
export type EngineLoadOptions = {threads: number; framesPerCall: number};

/**
 * Loads the package at `modelDir`: its prepared copy where there is one for this machine, else its own graphs, which are then checked to the last byte. Blocks its thread while
 * it computes: for worker threads. Throws `EngineError`.
 */
export async function loadEngine(modelDir: string, options: EngineLoadOptions): Promise<Engine> {
	const prepared = await loadPrepared(modelDir, options);
	return prepared ?? loadDelayedStreamsEngine(modelDir, await readModelPackage(modelDir), options);
}

/** Undefined where there is no prepared copy or it is not what it should be: then it counts for nothing. */
async function loadPrepared(modelDir: string, options: EngineLoadOptions): Promise<Engine | undefined> {
	const manifest = await readManifest(modelDir);
	const {state, folder} = await findPrepared(modelDir);
	if (state !== 'ready') return undefined;
	// The graphs of the package itself are not read at all.
	const tokenizer = manifest.files.find(({name}) => name === manifest.tokenizer);
	if (!tokenizer) return undefined;
	await checkFile(modelDir, tokenizer);
	try {
		return await loadDelayedStreamsEngine(modelDir, manifest, options, folder);
	} catch (error) {
		if (error instanceof EngineError && error.code === 'bad-package') return undefined;
		throw error;
	}
}
