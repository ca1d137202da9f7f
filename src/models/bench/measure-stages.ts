import {setTimeout} from 'node:timers/promises';
import type {Frontend} from '../../engine/delayed-streams/frontend.js';
import {argmax, type LanguageModel, type LmRow} from '../../engine/delayed-streams/language-model.js';
import type {ModelManifest} from '../../engine/model-package.js';
import {type BytesTouched, bytesTouched} from './bytes-touched.js';
import {fullRing} from './full-ring.js';
import {MemoryBandwidth} from './memory-bandwidth.js';

/** Calls that are measured: frames of the frontend, positions of the decoder. */
const frontendFrames = [1, 2, 4] as const;
const lmPositions = [1, 2, 4, 8] as const;
const isFrontendCount = (count: number) => frontendFrames.some(frames => frames === count);

/** What each stage takes, means in milliseconds of a call, for a run is the sum of all of them, and what binds it. */
export type Stages = {
	/** By frames a call. */
	frontendMs: Record<number, number>;
	/** By positions a call, with a full window. */
	lmMs: Record<number, number>;
	/** One position's keys and values into the ring, and the choice of its token. */
	commitMs: number;
	tokenMs: number;
	bytes: BytesTouched;
	/** Bytes a second, measured between the calls, with as many threads. */
	bandwidth: number;
	/** What the decoder reads a second with one position a call, as a part of `bandwidth`. */
	bandwidthShare: number;
};

/** What is measured: a loaded model. */
type Measured = {manifest: ModelManifest; frontend: Frontend; lm: LanguageModel};

/**
 * Measures the stages of a loaded model in rounds, in each of which every kind of call is made once, so that what else the machine does hits all alike.
 *
 * A round goes at the pace of speech: the processor sleeps as long as a call leaves it, wakes up for the frontend, and the decoder follows, each with the other's weights in the
 * caches. Back to back, both are faster than they ever are live.
 */
export class StageMeter {
	readonly #times = new Map<string, number[]>();
	readonly #latest = new Map<string, number>();
	readonly #bandwidths: number[] = [];
	readonly #bytes: BytesTouched;
	readonly #window: ReturnType<typeof fullRing>;
	readonly #frameMs: number;
	#frontendState: unknown;
	#rounds = 0;

	private constructor(
		private readonly measured: Measured,
		private readonly bandwidth: MemoryBandwidth,
	) {
		const {manifest, frontend, lm} = measured;
		this.#bytes = bytesTouched(manifest);
		this.#window = fullRing(lm);
		this.#frameMs = (manifest.frameSamples / manifest.sampleRate) * 1000;
		this.#frontendState = frontend.createState();
	}

	/** Holds a window and what is read to measure the bandwidth until it is closed. */
	static async open(measured: Measured, threads: number): Promise<StageMeter> {
		return new StageMeter(measured, await MemoryBandwidth.open(threads));
	}

	/** One round; the first two warm up and do not count. Blocks its thread during calls. */
	async measure(): Promise<void> {
		const {manifest, frontend, lm} = this.measured;
		const {ring, position} = this.#window;
		const round = this.#rounds++;
		for (const T of lmPositions) {
			if (isFrontendCount(T)) {
				const samples = noise(T * manifest.frameSamples, round);
				const busyMs = (this.#latest.get(`frontend ${T}`) ?? 0) + (this.#latest.get(`lm ${T}`) ?? 0);
				await setTimeout(Math.max(0, T * this.#frameMs - busyMs));
				const {state} = await this.#timed(`frontend ${T}`, () => frontend.run(samples, this.#frontendState));
				this.#frontendState = state;
			}
			const result = await this.#timed(`lm ${T}`, () => lm.run(someRows(manifest, T, round), position, ring));
			if (T > 1) continue;
			await this.#timed('token', () => argmax(result.logits, 0, lm.shape.vocabulary));
			await this.#timed('commit', () => ring.commit(result, 1, 1, position));
		}
		const bandwidth = await this.bandwidth.measure(this.#bytesRead);
		if (round >= warmUps) this.#bandwidths.push(bandwidth);
	}

	/** Closes it and returns what the rounds that counted gave, one at least. */
	async close(): Promise<Stages> {
		await this.bandwidth.close();
		const ms = (name: string) => mean(this.#times.get(name)!);
		const by = (kind: string, counts: readonly number[]) =>
			Object.fromEntries(counts.map(count => [count, ms(`${kind} ${count}`)]));
		const bandwidth = median(this.#bandwidths);
		return {
			frontendMs: by('frontend', frontendFrames),
			lmMs: by('lm', lmPositions),
			commitMs: ms('commit'),
			tokenMs: ms('token'),
			bytes: this.#bytes,
			bandwidth,
			bandwidthShare: this.#bytesRead / (ms('lm 1') / 1000) / bandwidth,
		};
	}

	get #bytesRead(): number {
		return this.#bytes.lmWeights + this.#bytes.keysAndValues + this.#bytes.embeddingRows;
	}

	async #timed<Result>(name: string, compute: () => Result | Promise<Result>): Promise<Result> {
		const start = performance.now();
		const result = await compute();
		const ms = performance.now() - start;
		this.#latest.set(name, ms);
		if (this.#rounds > warmUps) this.#times.set(name, [...(this.#times.get(name) ?? []), ms]);
		return result;
	}
}

/** Rounds that only warm up. */
const warmUps = 2;

/** How long it takes: rounds that count. */
export type StageOptions = {threads: number; rounds?: number; onRound?: (done: number, total: number) => void};

/** Measures the stages of a loaded model, round after round. */
export async function measureStages(
	measured: Measured,
	{threads, rounds = 15, onRound}: StageOptions,
): Promise<Stages> {
	const meter = await StageMeter.open(measured, threads);
	for (let round = -warmUps; round < rounds; round++) {
		await meter.measure();
		onRound?.(Math.max(0, round + 1), rounds);
	}
	return meter.close();
}

/**
 * Milliseconds that a frame takes with `framesPerCall`, where the decoder is called `callsPerFrame` times for it (specs: kyutai-stt §7.4): one time where no guess is right,
 * 1 / `framesPerCall` times where every one is.
 */
export function frameCost(stages: Stages, framesPerCall: number, callsPerFrame: number): number {
	return (
		stages.frontendMs[framesPerCall]! / framesPerCall +
		stages.lmMs[framesPerCall]! * callsPerFrame +
		stages.tokenMs * framesPerCall * callsPerFrame +
		stages.commitMs
	);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The middle one; of an even number the upper one. */
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function noise(length: number, seed: number): Float32Array<ArrayBuffer> {
	let x = seed | 1;
	return Float32Array.from({length}, () => {
		x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
		return x / 2 ** 33;
	});
}

/** Rows for a call: other codes in every round, as in speech. Features stay zero: they cost the same. */
function someRows({lm}: ModelManifest, T: number, round: number): LmRow[] {
	return Array.from({length: T}, (_, t) => ({
		token: (5 + t) % lm.vocabulary,
		frame: {
			codes: Int32Array.from(
				{length: lm.codebooks},
				(_, q) => (977 * (round + 8) + 37 * q + 11 * t) % (lm.codebookRows - 1),
			),
		},
	}));
}
