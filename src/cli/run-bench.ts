import os from 'node:os';
import type {Scheme} from '../convert/linear.js';
import type {SyntheticModel} from '../convert/synthetic-shapes.js';
import {defaultThreads} from '../engine/client.js';
import type {Latency} from '../engine/latency.js';
import {onnxRuntimeVersion} from '../engine/onnx.js';
import {type BenchReport, benchModel} from '../models/bench/bench-model.js';
import {writeBenchFigures} from '../models/bench-figures.js';
import {ModelError} from '../models/model-error.js';
import {prepareModel} from '../models/prepare-model.js';
import {syntheticFolder, syntheticPackage} from '../models/synthetic-package.js';
import {shortTime} from '../session/time-text.js';
import {benchReport} from './bench-report.js';
import {chooseModel, embeddedId} from './choose-model.js';
import {demoRecordings} from './demo-recordings.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** The flags of `bench`. */
export type RunBenchOptions = {
	model?: string;
	synthetic?: string;
	scheme: string;
	pad?: number;
	latency: Latency;
	minutes: number;
	threads?: number;
	rounds: number;
	asJson: boolean;
};

/** Measures a model and writes what it costs to standard output; how far it is, to standard error. Throws `EngineError`. */
export async function runBench(options: RunBenchOptions, host: Host): Promise<ExitCode> {
	const {pad, latency, minutes, threads = defaultThreads()} = options;
	const progress = createProgress(host);
	const {dir, description} = await findPackage(options, host, progress);
	// Between two calls of the model, which block this thread.
	const padding = options.synthetic === undefined ? undefined : (pad ?? 0);
	const report = await benchModel(dir, {
		threads,
		latency,
		minutes,
		padding,
		rounds: options.rounds,
		samples: sampleRate => demoSamples(host, sampleRate),
		signal: host.signal,
		onLive: ({audioMs, computeMs}) =>
			progress(
				`Hearing ${shortTime(audioMs)} of ${shortTime(minutes * 60_000)}, RTF ${(computeMs / audioMs).toFixed(2)}`,
			),
		onStage: (done, total) => progress(`Measuring the stages, ${done} of ${total} rounds`),
	});
	progress('');
	if (host.signal.aborted) return exitCode.interrupted;
	// What a synthetic package costs is no figure of a model that is installed.
	if (options.synthetic === undefined) await writeBenchFigures(dir, figuresOf(report));
	const machine = {
		processor: os.cpus()[0]?.model.trim() ?? process.arch,
		cores: os.availableParallelism(),
		node: process.versions.node,
		onnxRuntime: onnxRuntimeVersion,
		measuredAt: new Date().toISOString(),
	};
	const text = options.asJson
		? JSON.stringify({machine, description, padding, ...report})
		: benchReport(report, {machine, description, padding});
	host.stdout.write(`${text}\n`);
	return exitCode.done;
}

/** What decides which model is used live: the worst that speech can do, and not better than it came out over minutes. */
function figuresOf({threads, predicted, live, loaded}: BenchReport): Parameters<typeof writeBenchFigures>[1] {
	const lasting = live && live.predictedRtf > 0 ? Math.max(1, live.rtf / live.predictedRtf) : 1;
	return {
		threads,
		rtf: {
			low: predicted.low.worst * lasting,
			balanced: predicted.balanced.worst * lasting,
			saver: predicted.saver.worst * lasting,
		},
		privateMb: loaded.privateBytes / 1e6,
		mappedMb: loaded.mappedBytes / 1e6,
	};
}

type Progress = (text: string) => void;

async function findPackage(
	{model, synthetic, scheme}: RunBenchOptions,
	host: Host,
	progress: Progress,
): Promise<{dir: string; description: string}> {
	if (synthetic === undefined) {
		const {dir, manifest} = await chooseModel(model ?? embeddedId);
		return {dir, description: manifest.id};
	}
	const name = synthetic as SyntheticModel;
	const place = syntheticFolder(name, scheme as Scheme);
	const start = performance.now();
	let isMade = false;
	const dir = await syntheticPackage(name, scheme as Scheme, {
		onProgress(fraction) {
			isMade = true;
			progress(`Making a synthetic ${name} in ${place}, ${Math.round(100 * fraction)} %`);
		},
	});
	await prepare(dir, host, progress);
	const seconds = ((performance.now() - start) / 1000).toFixed(0);
	const when = isMade ? `made in ${seconds} s` : 'made before';
	return {dir, description: `synthetic ${name}: random numbers in its shapes, ${when}, ${dir}`};
}

/** As sessions load it. Where the machine has no room for that, the package itself is measured, and the report says so. */
async function prepare(dir: string, host: Host, progress: Progress): Promise<void> {
	try {
		await prepareModel(dir, {
			signal: host.signal,
			onProgress: fraction => progress(`Preparing it for this machine, ${Math.round(100 * fraction)} %`),
		});
	} catch (error) {
		if (!(error instanceof ModelError)) throw error;
		progress('');
		host.stderr.write(`${error.message}\n`);
	}
}

/** The recordings that come with the project, one after the other. */
async function demoSamples(host: Host, sampleRate: number): Promise<Float32Array> {
	const pieces: Float32Array[] = [];
	for (const {path} of await demoRecordings()) {
		const source = await host.openAudio(path, {sampleRate});
		try {
			for await (const {samples} of source.chunks()) pieces.push(samples);
		} finally {
			await source.close();
		}
	}
	const all = new Float32Array(pieces.reduce((sum, {length}) => sum + length, 0));
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
}

/** Redraws one line of standard error, a few times a second, where that is a terminal; says nothing elsewhere. */
function createProgress({stderr}: Host): Progress {
	const everyMs = 200;
	let lastMs = Number.NEGATIVE_INFINITY;
	return text => {
		if (!stderr.isTTY || (text !== '' && performance.now() - lastMs < everyMs)) return;
		lastMs = performance.now();
		stderr.write(`\r${text}\u001b[K`);
	};
}
