import {CaptionAssembler, type CaptionInput} from '../captions.js';
import type {EngineStream, StreamEvent} from '../engine.js';
import {Framer} from '../framer.js';
import type {ModelManifest} from '../model-package.js';
import {type HeardFrame, QuietDetector, silentFrame} from '../quiet.js';
import type {Piece} from '../tokenizer.js';
import {Watchdog} from '../watchdog.js';
import {Speller, type WordEvent} from '../words.js';
import {type DecodedPosition, DecodeLoop, type Decoder, type StartTemplate} from './decode-loop.js';
import type {Frontend, FrontendRows} from './frontend.js';
import type {FrameInput} from './language-model.js';

/**
 * Frames that one call of the frontend takes at most: past this a call only grows, it does not get cheaper per frame, and what waits for a full call must
 * stay within the second that is in flight.
 */
const maxFrontendFrames = 4;
/** Silence after the delay at the end, so that the last word is written whatever its length (specs: kyutai-stt §6.5). */
const flushTailMs = 1000;
/** What is heard again after the model went astray and starts anew (specs: kyutai-stt §6.9). */
const rehearMs = 2000;
/** Which VAD head tells pauses: no word within two seconds (specs: kyutai-stt §6.6). */
const pauseHead = 2;

/** What streams share. */
export type Weights = {
	manifest: ModelManifest;
	frontend: Frontend;
	lm: Decoder;
	template: StartTemplate;
	pieces: readonly Piece[];
	framesPerCall: number;
};

/** What starts anew at every flush. */
type Hearing = {
	/** Position on the tape of the first sample. */
	startSample: number;
	framer: Framer;
	frontendState: unknown;
	speller: Speller;
	quietDetector: QuietDetector;
	/** By position: the frame that it hears; position 0 hears nothing. Consumed as positions are decoded. */
	heard: HeardFrame[];
	/** The last frames that the frontend took, to hear them again. */
	lastFrames: Float32Array[];
	/** Where the pause began for which a preview was shown. */
	previewedPause: number | undefined;
};

/** One listening session of the delayed-streams engine. */
export class DelayedStream implements EngineStream {
	readonly #weights: Weights;
	readonly #captions: CaptionAssembler;
	readonly #loop: DecodeLoop;
	readonly #watchdog: Watchdog;
	/** Position on the tape behind the last sample that came. */
	#nextSample = 0;
	#decodedSamples = 0;
	#isAstray = false;
	#restarts = 0;
	#hearing: Hearing;

	constructor(weights: Weights, emit: (event: StreamEvent) => void, onPosition?: (decoded: DecodedPosition) => void) {
		this.#weights = weights;
		const {sampleRate, frameSamples, delayMs} = weights.manifest;
		const frameMs = (frameSamples / sampleRate) * 1000;
		const prefixMs = prefixFrames(weights.manifest) * frameMs;
		this.#captions = new CaptionAssembler({frameMs, delayMs: delayMs + prefixMs}, emit);
		this.#watchdog = new Watchdog(frameMs);
		this.#hearing = startHearing(weights, 0);
		this.#loop = new DecodeLoop(weights.lm, weights.template, decoded => {
			onPosition?.(decoded);
			const heard = this.#hearing.heard.shift()!;
			const input = this.#read(decoded, this.#hearing.speller, heard);
			this.#captions.push(input);
			if (this.#watchdog.push(heard, input.event.kind !== 'pause')) this.#isAstray = true;
		});
	}

	get decodedSamples(): number {
		const {framer, startSample} = this.#hearing;
		const {frameSamples} = this.#weights.manifest;
		const waiting = (framer.frames + this.#loop.waiting) * frameSamples + framer.remainder;
		// What waits may be silence of our own before the first sample, or what is heard again.
		this.#decodedSamples = Math.max(this.#decodedSamples, startSample, this.#nextSample - waiting);
		return this.#decodedSamples;
	}

	get restarts(): number {
		return this.#restarts;
	}

	feed(samples: Float32Array): void {
		this.#nextSample += samples.length;
		this.#hearing.framer.push(samples);
	}

	async decode(): Promise<boolean> {
		await this.#decode({isLast: false});
		if (this.#isAstray) this.#startAnew();
		return this.#isReady({isLast: false});
	}

	get canPreview(): boolean {
		const pause = this.#captions.unwrittenPause;
		return pause !== undefined && pause !== this.#hearing.previewedPause;
	}

	async preview(): Promise<void> {
		const hearing = this.#hearing;
		const {frontend, framesPerCall, manifest} = this.#weights;
		hearing.previewedPause = this.#captions.unwrittenPause;
		// A frame more than the delay writes what was said before the pause; no sentence need be ended (specs: kyutai-stt §6.7).
		const framer = new Framer(manifest.frameSamples);
		framer.push(hearing.framer.waiting);
		framer.pad();
		framer.push(new Float32Array(framesOf(manifest, manifest.delayMs + frameMsOf(manifest)) * manifest.frameSamples));
		const inputs: FrameInput[] = [];
		const putBack = frontend.keep(hearing.frontendState, framer.frames);
		try {
			let state = hearing.frontendState;
			while (framer.frames > 0) {
				const {state: next, ...rows} = await frontend.run(framer.take(this.#frontendFrames), state);
				state = next;
				inputs.push(...frameInputs(rows));
			}
		} finally {
			putBack();
		}
		const speller = hearing.speller.copy();
		const decoded = await this.#loop.preview(inputs, framesPerCall);
		this.#captions.preview(decoded.map(position => this.#read(position, speller, silentFrame)));
	}

	async flush(nextSample = this.#nextSample): Promise<void> {
		if (this.#nextSample > this.#hearing.startSample) await this.#decodeToTheEnd();
		this.#nextSample = nextSample;
		this.#decodedSamples = nextSample;
		this.#watchdog.reset();
		this.#start(nextSample);
	}

	async #decodeToTheEnd(): Promise<void> {
		while (this.#isReady({isLast: false})) await this.decode();
		const {manifest} = this.#weights;
		this.#hearing.framer.pad();
		this.#hearing.framer.push(
			new Float32Array(framesOf(manifest, manifest.delayMs + flushTailMs) * manifest.frameSamples),
		);
		while (this.#isReady({isLast: true})) await this.#decode({isLast: true});
	}

	/** A fresh state, whose first sample stands at `startSample`. */
	#start(startSample: number): void {
		this.#isAstray = false;
		this.#captions.restart((startSample / this.#weights.manifest.sampleRate) * 1000);
		this.#hearing = startHearing(this.#weights, startSample);
		this.#loop.reset();
	}

	/** What the model went astray on is heard again, by a fresh state; time goes on. */
	#startAnew(): void {
		const {lastFrames, framer} = this.#hearing;
		const rest = framer.waiting;
		const {frameSamples} = this.#weights.manifest;
		const frames = lastFrames.slice(-(this.#rehearFrames + this.#loop.waiting));
		this.#restarts++;
		this.#start(this.#nextSample - rest.length - frames.length * frameSamples);
		for (const frame of frames) this.#hearing.framer.push(frame);
		this.#hearing.framer.push(rest);
	}

	/** What a position spells. Position 0 hears nothing, so it is no word, whatever a model writes there. */
	#read({position, token, vad}: DecodedPosition, speller: Speller, {isQuiet}: HeardFrame): CaptionInput {
		const event: WordEvent = position === 0 ? {kind: 'pause'} : speller.next(token);
		const {heads, classes, usable} = this.#weights.manifest.lm.vad;
		const noWordProbability = usable && heads > pauseHead ? vad[pauseHead * classes] : undefined;
		return {position, event, isQuiet, noWordProbability};
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

	get #rehearFrames(): number {
		return framesOf(this.#weights.manifest, rehearMs);
	}

	async #runFrontend(): Promise<void> {
		const hearing = this.#hearing;
		const {frameSamples} = this.#weights.manifest;
		const samples = hearing.framer.take(this.#frontendFrames);
		for (let at = 0; at < samples.length; at += frameSamples) {
			const frame = samples.subarray(at, at + frameSamples);
			hearing.heard.push(hearing.quietDetector.hear(frame));
			hearing.lastFrames.push(frame);
		}
		const {state, ...rows} = await this.#weights.frontend.run(samples, hearing.frontendState);
		hearing.frontendState = state;
		for (const row of frameInputs(rows)) this.#loop.push(row);
		hearing.lastFrames.splice(0, hearing.lastFrames.length - this.#rehearFrames - this.#loop.waiting);
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
		heard: [silentFrame],
		lastFrames: [],
		previewedPause: undefined,
	};
}

const frameInputs = ({features, codes}: FrontendRows): FrameInput[] => [
	...features.map(row => ({features: row})),
	...codes.map(row => ({codes: row})),
];

const frameMsOf = ({sampleRate, frameSamples}: ModelManifest) => (frameSamples / sampleRate) * 1000;

/** Frames that `ms` fill, the last one perhaps in part. */
const framesOf = ({sampleRate, frameSamples}: ModelManifest, ms: number) =>
	Math.ceil(((ms / 1000) * sampleRate) / frameSamples);

const prefixFrames = (manifest: ModelManifest) => framesOf(manifest, manifest.silencePrefixMs);
