import type {ModelManifest} from '../model-package.js';
import {LogMelFrontend} from './log-mel-frontend.js';
import {MimiFrontend} from './mimi-frontend.js';

/** What the decoder hears of F frames, row by row: `features` [F][dim] or `codes` [F][codebooks], each row its own view; the other one is empty. */
export type FrontendRows = {features: Float32Array[]; codes: Int32Array[]};

/**
 * The graph that turns PCM frames into what the decoder hears: weights, loaded once and shared by every stream, whose `State` holds all that one
 * call hands the next.
 */
export type Frontend<State = unknown> = {
	/** State before the first sample. */
	createState(): State;
	/**
	 * Rows of whole frames, and the state for the next ones: `samples` [F · frameSamples] in [-1, 1], F ≥ 1. `state` is used up and must not be given again.
	 * The number of frames per call changes nothing but floating-point noise.
	 */
	run(samples: Float32Array, state: State): Promise<FrontendRows & {state: State}>;
	/** Remembers `state` before a preview of at most `frames` frames. What is returned puts it back, bit by bit, and `state` may be used again. */
	keep(state: State, frames: number): () => void;
	/** Releases the weights. */
	close(): Promise<void>;
};

/** Opens the frontend of a package. */
export const Frontend = {
	/** Opens `frontend.onnx` in `folder`, the package's own or its prepared copy's, of the kind that `manifest` says. Throws `EngineError`. */
	load(folder: string, manifest: ModelManifest, threads: number, isPrepared = false): Promise<Frontend> {
		const {frontend} = manifest;
		if (frontend.type === 'mimi') return MimiFrontend.load(folder, {...manifest, frontend}, threads, isPrepared);
		return LogMelFrontend.load(folder, {...manifest, frontend}, threads, isPrepared);
	},
};
