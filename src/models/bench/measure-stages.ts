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

/** How long it takes: rounds, in each of which every kind of call is made once, so that what else the machine does hits all alike. */
export type StageOptions = {threads: number; rounds?: number; onRound?: (done: number, total: number) => void};

/**
 * Measures the stages of a loaded model at the pace of speech: the processor sleeps as long as a call leaves it, wakes up for the frontend, and the decoder follows, each with the
 * other's weights in the caches. Back to back, both are faster than they ever are live. Blocks its thread during calls.
 */
export async function measureStages(
	{manifest, frontend, lm}: {manifest: ModelManifest; frontend: Frontend; lm: LanguageModel},
	{threads, rounds = 15, onRound}: StageOptions,
): Promise<Stages> {
	const times = new Map<string, number[]>();
	const latest = new Map<string, number>();
	const bandwidths: number[] = [];
	const bytes = bytesTouched(manifest);
	const bytesRead = bytes.lmWeights + bytes.keysAndValues + bytes.embeddingRows;
	const bandwidth = await MemoryBandwidth.open(threads);
	const {ring, position} = fullRing(lm);
	let state = frontend.createState();
	const frameMs = (manifest.frameSamples / manifest.sampleRate) * 1000;
	const warmUps = 2;
	for (let round = -warmUps; round < rounds; round++) {
		const timed = async <Result>(name: string, compute: () => Result | Promise<Result>): Promise<Result> => {
			const start = performance.now();
			const result = await compute();
			latest.set(name, performance.now() - start);
			if (round >= 0) times.set(name, [...(times.get(name) ?? []), latest.get(name)!]);
			return result;
		};
		for (const T of lmPositions) {
			if (isFrontendCount(T)) {
				const samples = noise(T * manifest.frameSamples, round);
				const busyMs = (latest.get(`frontend ${T}`) ?? 0) + (latest.get(`lm ${T}`) ?? 0);
				await setTimeout(Math.max(0, T * frameMs - busyMs));
				({state} = await timed(`frontend ${T}`, () => frontend.run(samples, state)));
			}
			const result = await timed(`lm ${T}`, () => lm.run(someRows(manifest, T, round), position, ring));
			if (T > 1) continue;
			await timed('token', () => argmax(result.logits, 0, lm.shape.vocabulary));
			await timed('commit', () => ring.commit(result, 1, 1, position));
		}
		bandwidths.push(await bandwidth.measure(bytesRead));
		onRound?.(Math.max(0, round + 1), rounds);
	}
	await bandwidth.close();

	const ms = (name: string) => mean(times.get(name)!);
	const by = (kind: string, counts: readonly number[]) =>
		Object.fromEntries(counts.map(count => [count, ms(`${kind} ${count}`)]));
	const measured = median(bandwidths);
	return {
		frontendMs: by('frontend', frontendFrames),
		lmMs: by('lm', lmPositions),
		commitMs: ms('commit'),
		tokenMs: ms('token'),
		bytes,
		bandwidth: measured,
		bandwidthShare: bytesRead / (ms('lm 1') / 1000) / measured,
	};
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
