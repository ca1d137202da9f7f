import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {createStartTemplate} from '../../engine/delayed-streams/decode-loop.js';
import {DelayedStream} from '../../engine/delayed-streams/delayed-stream.js';
import {Frontend} from '../../engine/delayed-streams/frontend.js';
import {LanguageModel} from '../../engine/delayed-streams/language-model.js';
import {framesPerCall, type Latency, latencies} from '../../engine/latency.js';
import {type ModelManifest, readManifest, readModelPackage} from '../../engine/model-package.js';
import {findPrepared} from '../../engine/prepared-copy.js';
import {readPieces} from '../../engine/tokenizer.js';
import {type ResidentMemory, readProcess, readResidentMemory} from '../../system/proc.js';
import {withHeardPadding} from './heard-padding.js';
import {type LiveRun, runLive} from './live-run.js';
import {measureStages, type Stages} from './measure-stages.js';

/** Memory and what reading it back cost, at one moment. */
export type MemoryNow = ResidentMemory & {majorFaults: number};

/** What a model costs on this machine. */
export type BenchReport = {
	manifest: ModelManifest;
	threads: number;
	latency: Latency;
	/** Whether the prepared copy was loaded, whose packed weights are mapped. */
	isPrepared: boolean;
	/** Until the first position was computed. */
	loadMs: number;
	loaded: MemoryNow;
	stages: Stages;
	/** Real-time factors that the stages predict with a full window: of every latency, where no guess is right and where every one is. */
	predicted: Record<Latency, {worst: number; best: number}>;
	/** Undefined where no run was asked for. */
	live?: LiveRun & {
		rtf: number;
		/** What the stages and the guesses that were right in this run predict. */
		predictedRtf: number;
		cpuSecondsPerMinute: number;
		memory: MemoryNow;
	};
};

/** What is measured. `padding`: the share of PAD in what is heard, of a synthetic package alone. `samples`: what is heard, at the model's rate. */
export type BenchOptions = {
	threads: number;
	latency: Latency;
	minutes: number;
	padding?: number;
	samples: (sampleRate: number) => Promise<Float32Array>;
	rounds?: number;
	signal?: AbortSignal;
	onStage?: (done: number, total: number) => void;
	onLive?: (run: {audioMs: number; computeMs: number; backlogMs: number}) => void;
};

/** Measures the package at `modelDir` in this process, which it blocks. The run at the pace of speech comes first, while memory is the model's alone. Throws `EngineError`. */
export async function benchModel(modelDir: string, options: BenchOptions): Promise<BenchReport> {
	const {threads, latency, minutes, padding, rounds, signal, onStage, onLive} = options;
	const {state, folder} = await findPrepared(modelDir);
	const isPrepared = state === 'ready';
	const graphs = isPrepared ? folder : modelDir;
	const manifest = isPrepared ? await readManifest(modelDir) : await readModelPackage(modelDir);
	const pieces = readPieces(await readFile(path.join(modelDir, manifest.tokenizer)));
	const start = performance.now();
	const frontend = await Frontend.load(graphs, manifest, threads, isPrepared);
	const lm = await LanguageModel.load(graphs, manifest, threads, isPrepared);
	const template = await createStartTemplate(lm);
	const loadMs = performance.now() - start;
	const loaded = memoryNow();

	let run: {live: LiveRun; memory: MemoryNow} | undefined;
	if (minutes > 0) {
		const heard = padding === undefined ? frontend : withHeardPadding(frontend, padding);
		const weights = {manifest, frontend: heard, lm, template, pieces, framesPerCall: framesPerCall[latency]};
		const live = await runLive((emit, onPosition) => new DelayedStream(weights, emit, onPosition), {
			sampleRate: manifest.sampleRate,
			frameSamples: manifest.frameSamples,
			padding: manifest.tokens.padding,
			samples: await options.samples(manifest.sampleRate),
			minutes,
			signal,
			onProgress: onLive,
		});
		run = {live, memory: memoryNow()};
	}
	const stages = await measureStages({manifest, frontend, lm}, {threads, rounds, onRound: onStage});
	await frontend.close();
	await lm.graph.close();

	const frameMs = (manifest.frameSamples / manifest.sampleRate) * 1000;
	const rtfOf = (latency: Latency, callsPerFrame: number) => frameCost(stages, latency, callsPerFrame) / frameMs;
	const predicted = Object.fromEntries(
		latencies.map(one => [one, {worst: rtfOf(one, 1), best: rtfOf(one, 1 / framesPerCall[one])}]),
	) as BenchReport['predicted'];
	return {
		manifest,
		threads,
		latency,
		isPrepared,
		loadMs,
		loaded,
		stages,
		predicted,
		live: run && {
			...run.live,
			rtf: run.live.computeMs / run.live.audioMs,
			predictedRtf: rtfOf(latency, run.live.calls / run.live.positions),
			cpuSecondsPerMinute: run.live.cpuMs / 1000 / (run.live.audioMs / 60_000),
			memory: run.memory,
		},
	};
}

/** Milliseconds that a frame takes where the decoder is called `callsPerFrame` times for it (specs: kyutai-stt §7.4). */
function frameCost(stages: Stages, latency: Latency, callsPerFrame: number): number {
	const T = framesPerCall[latency];
	return (
		stages.frontendMs[T]! / T + stages.lmMs[T]! * callsPerFrame + stages.tokenMs * T * callsPerFrame + stages.commitMs
	);
}

const memoryNow = (): MemoryNow => ({
	...readResidentMemory('/', process.pid),
	majorFaults: readProcess('/', process.pid)?.majorFaults ?? 0,
});
