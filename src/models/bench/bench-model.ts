import {DelayedStream} from '../../engine/delayed-streams/delayed-stream.js';
import {loadWeights} from '../../engine/delayed-streams/engine.js';
import {framesPerCall, type Latency, latencies} from '../../engine/latency.js';
import {type ModelManifest, readManifest, readModelPackage} from '../../engine/model-package.js';
import {findPrepared} from '../../engine/prepared-copy.js';
import {isPaging} from '../../system/gauges.js';
import {type ResidentMemory, readProcess, readResidentMemory} from '../../system/proc.js';
import {withHeardPadding} from './heard-padding.js';
import {type LiveRun, runLive} from './live-run.js';
import {frameCost, measureStages, type Stages} from './measure-stages.js';

/** Memory and what reading it back cost, at one moment. */
export type MemoryNow = ResidentMemory & {majorFaults: number};

/** A run at the pace of speech, and what it did to memory. */
type LiveMeasured = LiveRun & {
	memory: MemoryNow;
	/** Pages a second that the model waited for while it heard, and bytes a second that the disk gave for them. */
	majorFaultsPerSecond: number;
	readBackBytesPerSecond: number;
	/** Both are many: the weights do not fit into memory and are read from the disk again at every step. */
	isModelTooBig: boolean;
};

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
	live?: LiveMeasured & {
		rtf: number;
		/** What the stages and the guesses that were right in this run predict. */
		predictedRtf: number;
		cpuSecondsPerMinute: number;
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
	const manifest = isPrepared ? await readManifest(modelDir) : await readModelPackage(modelDir);
	const start = performance.now();
	const loadOptions = {threads, framesPerCall: framesPerCall[latency]};
	const weights = await loadWeights(modelDir, manifest, loadOptions, isPrepared ? folder : undefined);
	const {frontend, lm} = weights;
	const loadMs = performance.now() - start;
	const loaded = memoryNow();

	let run: LiveMeasured | undefined;
	if (minutes > 0) {
		const heard = padding === undefined ? frontend : withHeardPadding(frontend, padding);
		const [countsBefore, startMs] = [countsNow(), performance.now()];
		const live = await runLive(
			(emit, onPosition) => new DelayedStream({...weights, frontend: heard}, emit, onPosition),
			{
				sampleRate: manifest.sampleRate,
				frameSamples: manifest.frameSamples,
				padding: manifest.tokens.padding,
				samples: await options.samples(manifest.sampleRate),
				minutes,
				signal,
				onProgress: onLive,
			},
		);
		const [counts, seconds] = [countsNow(), (performance.now() - startMs) / 1000];
		const majorFaultsPerSecond = (counts.majorFaults - countsBefore.majorFaults) / seconds;
		const readBackBytesPerSecond = (counts.diskReadBytes - countsBefore.diskReadBytes) / seconds;
		const isModelTooBig = isPaging(majorFaultsPerSecond, readBackBytesPerSecond);
		run = {...live, memory: memoryNow(), majorFaultsPerSecond, readBackBytesPerSecond, isModelTooBig};
	}
	const stages = await measureStages({manifest, frontend, lm}, {threads, rounds, onRound: onStage});
	await frontend.close();
	await lm.graph.close();

	const frameMs = (manifest.frameSamples / manifest.sampleRate) * 1000;
	const rtfOf = (latency: Latency, callsPerFrame: number) =>
		frameCost(stages, framesPerCall[latency], callsPerFrame) / frameMs;
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
			...run,
			rtf: run.computeMs / run.audioMs,
			predictedRtf: rtfOf(latency, run.calls / run.positions),
			cpuSecondsPerMinute: run.cpuMs / 1000 / (run.audioMs / 60_000),
		},
	};
}

const countsNow = () => readProcess('/', process.pid) ?? {majorFaults: 0, diskReadBytes: 0};

const memoryNow = (): MemoryNow => ({
	...readResidentMemory('/', process.pid),
	majorFaults: countsNow().majorFaults,
});
