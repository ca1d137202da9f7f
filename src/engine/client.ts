import '../system/no-telemetry.js';
import os from 'node:os';
import {Worker} from 'node:worker_threads';
import type {AudioChunk} from '../audio/audio-chunk.js';
import type {AudioSource} from '../audio/audio-source.js';
import {collectGarbage} from '../system/collect-garbage.js';
import {framesPerCall as callSizes, recordingLatency} from './latency.js';
import {Mailbox} from './mailbox.js';
import {EngineError, type FromEngine, type ToEngine} from './protocol.js';

/**
 * `threads`: for one call of the model, by default all cores but one; `framesPerCall`: how many
 * frames one call takes (T of design §5), 1 … 8, by default as for a recording; captions come that many frames later, and the machine has less to do;
 * `isLive`: somebody reads along, so at a pause the last words are shown as early as the machine can, as a partial; finals are the same.
 */
export type EngineOptions = {modelDir: string; threads?: number; framesPerCall?: number; isLive?: boolean};

/** What the captions of one source are made of, in order. */
export type CaptionEvent = Extract<FromEngine, {type: 'partial' | 'final' | 'progress'}>;

/** An engine in its worker thread. It hears one source. */
export type EngineClient = {
	/** Rate that the engine eats, in Hz: ask the audio source for it. */
	readonly sampleRate: number;
	/** How late the model writes what it hears. */
	readonly delayMs: number;
	/**
	 * Captions of one source, from first to last sample: pulls from it, at most one second ahead of the engine. Ends after the last final. Times are those of the
	 * tape: the first chunk may stand anywhere on it, and behind a gap time goes on where the next chunk stands.
	 * Aborting ends the audio there: what was heard is still captioned, and the iteration ends after its last final. Throws `EngineError`; what
	 * the source throws is thrown too, after the finals of what was heard before.
	 */
	captions(source: AudioSource, options?: {signal?: AbortSignal}): AsyncIterable<CaptionEvent>;
	/** Ends the worker after the call of the model that runs; safe at any time, more than once. */
	close(): Promise<void>;
};

/** A call takes its threads from all cores but one: other programs run beside it. */
export const defaultThreads = (): number => Math.max(1, os.availableParallelism() - 1);

/** Audio in flight, sent and not decoded: what the worker may hold. */
const maxSecondsInFlight = 1;
/** Pieces that are sent at once. What waits in the worker for a full call (10 frames at most) and one piece must fit into what may be in flight. */
const pieceSeconds = 0.1;

/** Frames and tensors live outside V8's heap and are freed when their small handles are: a small nursery frees them soon, 40 MB less. */
const maxYoungGenerationSizeMb = 2;

/** Seconds of audio between two collections of garbage. */
const collectSeconds = 15;

/** Starts a worker and loads the package at `modelDir` in it. Throws `EngineError` when the package is refused. */
export async function startEngine({
	modelDir,
	threads = defaultThreads(),
	framesPerCall = callSizes[recordingLatency],
	isLive = false,
}: EngineOptions): Promise<EngineClient> {
	const worker = new Worker(new URL('./worker.js', import.meta.url), {
		resourceLimits: {maxYoungGenerationSizeMb},
	});
	const mailbox = new Mailbox<Mail>();
	worker.on('message', (message: FromEngine) => {
		if (message.type === 'failed') mailbox.fail(new EngineError(message.code, message.message));
		else mailbox.put(message);
	});
	worker.on('error', error => mailbox.fail(new EngineError('failed', `The engine stopped: ${error}`, {cause: error})));
	worker.on('exit', code => mailbox.fail(new EngineError('failed', `The engine ended with exit code ${code}.`)));
	const send: Send = (message, transfer = []) => worker.postMessage(message, transfer);
	const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()));
	const close = () => {
		send({type: 'close'});
		return exited;
	};

	send({type: 'load', modelDir, threads, framesPerCall, isLive});
	try {
		const ready = await mailbox.next();
		if (ready.type !== 'ready') throw new EngineError('failed', `The engine said ${ready.type} before it was ready.`);
		const {sampleRate, delayMs} = ready;
		return {
			sampleRate,
			delayMs,
			captions: (source, {signal} = {}) => captions(send, mailbox, source, sampleRate, signal),
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

type Send = (message: ToEngine, transfer?: ArrayBuffer[]) => void;

/** Everything that a listening session waits for: one queue, because racing promises over hours would pile up their reactions. */
type Mail =
	| FromEngine
	| {type: 'piece'; piece: AudioChunk}
	| {type: 'source-ended'}
	| {type: 'source-failed'; error: unknown}
	| {type: 'aborted'};

async function* captions(
	send: Send,
	mailbox: Mailbox<Mail>,
	source: AudioSource,
	sampleRate: number,
	signal: AbortSignal | undefined,
): AsyncGenerator<CaptionEvent> {
	const pieces = cut(source.chunks(), Math.round(sampleRate * pieceSeconds));
	const pull = () => {
		isPulling = true;
		pieces.next().then(
			({done, value}) => mailbox.put(done ? {type: 'source-ended'} : {type: 'piece', piece: value}),
			error => mailbox.put({type: 'source-failed', error}),
		);
	};
	const finish = () => {
		if (isOpen) send({type: 'finish'});
		isOpen = false;
	};
	const onAbort = () => mailbox.put({type: 'aborted'});
	signal?.addEventListener('abort', onAbort, {once: true});

	let isOpen = true;
	let isPulling = false;
	// Positions on the tape.
	let sentSamples = 0;
	let collectedSamples = 0;
	let decodedSamples: number | undefined;
	let failure: {error: unknown} | undefined;
	if (signal?.aborted) finish();
	try {
		for (;;) {
			const inFlight = sentSamples - (decodedSamples ?? sentSamples);
			const hasRoom = inFlight <= sampleRate * (maxSecondsInFlight - pieceSeconds);
			if (isOpen && hasRoom && !isPulling) pull();
			const mail = await mailbox.next();
			switch (mail.type) {
				case 'piece':
					isPulling = false;
					if (!isOpen) break;
					decodedSamples ??= mail.piece.startSample;
					sentSamples = mail.piece.startSample + mail.piece.samples.length;
					if (sentSamples - collectedSamples > collectSeconds * sampleRate) {
						collectedSamples = sentSamples;
						collectGarbage();
					}
					send({type: 'audio', ...mail.piece}, [mail.piece.samples.buffer]);
					break;
				case 'source-failed':
					failure = mail;
					finish();
					break;
				case 'source-ended':
				case 'aborted':
					finish();
					break;
				case 'progress':
					decodedSamples = mail.decodedSamples;
					yield mail;
					break;
				case 'partial':
				case 'final':
					yield mail;
					break;
				case 'finished':
					if (failure) throw failure.error;
					return;
			}
		}
	} finally {
		signal?.removeEventListener('abort', onAbort);
	}
}

/** Cuts chunks into pieces of at most `pieceSamples`, each with its own memory. */
async function* cut(chunks: AsyncIterable<AudioChunk>, pieceSamples: number): AsyncGenerator<AudioChunk> {
	for await (const chunk of chunks) {
		const {samples, startSample, isAfterGap} = chunk;
		if (samples.length <= pieceSamples) {
			yield chunk;
			continue;
		}
		for (let at = 0; at < samples.length; at += pieceSamples) {
			const piece = {samples: samples.slice(at, at + pieceSamples), startSample: startSample + at};
			yield at === 0 ? {...piece, isAfterGap} : piece;
		}
	}
}
