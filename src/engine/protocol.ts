import type {AudioChunk} from '../audio/audio-chunk.js';
import type {Segment} from '../session/segment.js';

/** What went wrong in an engine. Errors cross the thread as `{code, message}`: a posted `Error` loses its class. */
export type EngineErrorCode = 'bad-package' | 'unsupported' | 'out-of-memory' | 'failed';

/** An engine that could not load or go on, in one sentence that says what was expected, what came and what to do. */
export class EngineError extends Error {
	override name = 'EngineError';

	constructor(
		readonly code: EngineErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}

/**
 * To the worker. `close` drops what waits and ends the thread after the call that runs. `audio` is a chunk at the rate that `ready` told and moves its samples; the first one may
 * stand anywhere on the tape, the others follow it without a hole but where `isAfterGap` says so.
 */
export type ToEngine =
	| {type: 'load'; modelDir: string; threads: number; framesPerCall: number; isLive: boolean}
	| ({type: 'audio'} & AudioChunk)
	| {type: 'finish'}
	| {type: 'close'};

/**
 * From the worker. `ready` comes first, `finished` or `failed` last. A `partial` replaces the whole text of the open segment, and only the
 * newest segment may be partial; a `final` never changes. `progress` says up to which sample of the tape everything is decoded (the sender keeps at most
 * one second beyond that in flight), how long the engine has computed in all, and how often the model was found astray and started anew.
 */
export type FromEngine =
	| {type: 'ready'; sampleRate: number; frameSamples: number; delayMs: number}
	| {type: 'partial'; segment: Segment}
	| {type: 'final'; segment: Segment}
	| {type: 'progress'; decodedSamples: number; computeMs: number; restarts: number}
	| {type: 'finished'}
	| {type: 'failed'; code: EngineErrorCode; message: string};
