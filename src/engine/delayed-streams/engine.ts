import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {CaptionAssembler} from '../captions.js';
import type {Engine, EngineLoadOptions, EngineStream, StreamEvent} from '../engine.js';
import {Framer} from '../framer.js';
import type {ModelManifest} from '../model-package.js';
import {QuietDetector} from '../quiet.js';
import {type Piece, readPieces} from '../tokenizer.js';
import {Speller, type WordEvent} from '../words.js';
import {createStartTemplate, type DecodedPosition, DecodeLoop, type StartTemplate} from './decode-loop.js';
import {Frontend} from './frontend.js';
import {LanguageModel} from './language-model.js';

/**
 * Frames that one call of the frontend takes at most: past this a call only grows, it does not get cheaper per frame, and what waits for a full call must
 * stay within the second that is in flight.
 */
const maxFrontendFrames = 4;
/** Silence after the delay at the end, so that the last word is written whatever its length (specs: kyutai-stt §6.5). */
const flushTailMs = 1000;

/** What streams share. */
export type Weights = {
	manifest: ModelManifest;
	frontend: Frontend;
	lm: LanguageModel;
	template: StartTemplate;
	pieces: readonly Piece[];
	framesPerCall: number;
};

/** An engine whose streams also show every position as it is accepted: token, logits and VAD. */
export type DelayedStreamsEngine = Omit<Engine, 'createStream'> & {
	createStream(emit: (event: StreamEvent) => void, onPosition?: (decoded: DecodedPosition) => void): EngineStream;
};

/**
 * The delayed-streams engine (Kyutai STT and its small relatives): PCM frames → frontend → decoder → words → captions. The graphs are those of the checked prepared copy
 * in `preparedDir`, where that is given. Throws `EngineError`.
 */
export async function loadDelayedStreamsEngine(
	modelDir: string,
	manifest: ModelManifest,
	{threads, framesPerCall}: EngineLoadOptions,
	preparedDir?: string,
): Promise<DelayedStreamsEngine> {
	const pieces = readPieces(await readFile(path.join(modelDir, manifest.tokenizer)));
	const [graphs, isPrepared] = [preparedDir ?? modelDir, preparedDir !== undefined];
	const frontend = await Frontend.load(graphs, manifest, threads, isPrepared);
	const lm = await LanguageModel.load(graphs, manifest, threads, isPrepared);
	const template = await createStartTemplate(lm);
	const weights = {manifest, frontend, lm, template, pieces, framesPerCall};
	return {
		sampleRate: manifest.sampleRate,
		frameSamples: manifest.frameSamples,
		delayMs: manifest.delayMs,
		createStream: (emit, onPosition) => new DelayedStream(weights, emit, onPosition),
		async close() {
			await frontend.close();
			await lm.graph.close();
		},
	};
}

/** What starts anew at every `flush`. */
type Hearing = {
	/** Position on the tape of the first sample. */
	startSample: number;
	framer: Framer;
	frontendState: unknown;
	speller: Speller;
	quietDetector: QuietDetector;
	/** By position: whether the frame that it hears is quiet; position 0 hears nothing. Consumed as positions are decoded. */
	quiet: boolean[];
};

/** One listening session of the delayed-streams engine. */
export class DelayedStream implements EngineStream {
	readonly #weights: Weights;
	readonly #captions: CaptionAssembler;
	readonly #loop: DecodeLoop;
	/** Position on the tape behind the last sample that came. */
	#nextSample = 0;
	#hearing: Hearing;

	constructor(weights: Weights, emit: (event: StreamEvent) => void, onPosition?: (decoded: DecodedPosition) => void) {
		this.#weights = weights;
		const {sampleRate, frameSamples, delayMs} = weights.manifest;
		const frameMs = (frameSamples / sampleRate) * 1000;
		const prefixMs = prefixFrames(weights.manifest) * frameMs;
		this.#captions = new CaptionAssembler({frameMs, delayMs: delayMs + prefixMs}, emit);
		this.#hearing = startHearing(weights, 0);
		this.#loop = new DecodeLoop(weights.lm, weights.template, decoded => {
			const {position, token} = decoded;
			onPosition?.(decoded);
			const {speller, quiet} = this.#hearing;
			// Position 0 hears nothing, so it is no word, whatever a model writes there.
			const event: WordEvent = position === 0 ? {kind: 'pause'} : speller.next(token);
			this.#captions.push({position, event, isQuiet: quiet.shift()!});
		});
	}

	get decodedSamples(): number {
		const {framer} = this.#hearing;
		const {frameSamples} = this.#weights.manifest;
		const waiting = (framer.frames + this.#loop.waiting) * frameSamples + framer.remainder;
		// What waits may be silence of our own, before the first sample.
		return Math.max(this.#hearing.startSample, this.#nextSample - waiting);
	}

	feed(samples: Float32Array): void {
		this.#nextSample += samples.length;
		this.#hearing.framer.push(samples);
	}

	async decode(): Promise<boolean> {
		await this.#decode({isLast: false});
		return this.#isReady({isLast: false});
	}

	async flush(nextSample = this.#nextSample): Promise<void> {
		if (this.#nextSample > this.#hearing.startSample) await this.#decodeToTheEnd();
		this.#nextSample = nextSample;
		this.#captions.restart((nextSample / this.#weights.manifest.sampleRate) * 1000);
		this.#hearing = startHearing(this.#weights, nextSample);
		this.#loop.reset();
	}

	async #decodeToTheEnd(): Promise<void> {
		const {sampleRate, frameSamples, delayMs} = this.#weights.manifest;
		const silenceMs = delayMs + flushTailMs;
		const silentFrames = Math.ceil(((silenceMs / 1000) * sampleRate) / frameSamples);
		this.#hearing.framer.pad();
		this.#hearing.framer.push(new Float32Array(silentFrames * frameSamples));
		while (this.#isReady({isLast: true})) await this.#decode({isLast: true});
	}

	/**
	 * Calls are always full, but for the last ones of a flush: the size of a call changes last bits, which quantised weights can turn into another
	 * word, and so captions would depend on when the samples happened to come.
	 */
	#isReady({isLast}: {isLast: boolean}): boolean {
		const {framer} = this.#hearing;
		if (isLast) return framer.frames + this.#loop.waiting > 0;
		return framer.frames >= this.#frontendFrames || this.#loop.waiting >= this.#weights.framesPerCall;
	}

	async #decode({isLast}: {isLast: boolean}): Promise<void> {
		const {framer} = this.#hearing;
		const {framesPerCall} = this.#weights;
		const needsMore = this.#loop.waiting < framesPerCall;
		if (needsMore && framer.frames >= (isLast ? 1 : this.#frontendFrames)) await this.#runFrontend();
		if (this.#loop.waiting >= (isLast && framer.frames === 0 ? 1 : framesPerCall)) await this.#loop.step(framesPerCall);
	}

	get #frontendFrames(): number {
		return Math.min(this.#weights.framesPerCall, maxFrontendFrames);
	}

	async #runFrontend(): Promise<void> {
		const hearing = this.#hearing;
		const {frameSamples} = this.#weights.manifest;
		const samples = hearing.framer.take(this.#frontendFrames);
		for (let at = 0; at < samples.length; at += frameSamples) {
			hearing.quiet.push(hearing.quietDetector.isQuiet(samples.subarray(at, at + frameSamples)));
		}
		const {features, codes, state} = await this.#weights.frontend.run(samples, hearing.frontendState);
		hearing.frontendState = state;
		for (const row of features) this.#loop.push({features: row});
		for (const row of codes) this.#loop.push({codes: row});
	}
}

function startHearing({manifest, frontend, pieces}: Weights, startSample: number): Hearing {
	const framer = new Framer(manifest.frameSamples);
	framer.push(new Float32Array(prefixFrames(manifest) * manifest.frameSamples));
	return {
		startSample,
		framer,
		frontendState: frontend.createState(),
		speller: new Speller(pieces, [manifest.tokens.padding, manifest.tokens.endOfPadding]),
		quietDetector: new QuietDetector(),
		quiet: [true],
	};
}

const prefixFrames = ({silencePrefixMs, sampleRate, frameSamples}: ModelManifest) =>
	Math.ceil(((silencePrefixMs / 1000) * sampleRate) / frameSamples);
