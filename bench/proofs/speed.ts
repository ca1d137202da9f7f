import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import type {Scheme} from '../../src/convert/linear.js';
import {convertLm} from '../../src/convert/lm-graph.js';
import {Safetensors} from '../../src/convert/safetensors.js';
import {syntheticCheckpoint} from '../../src/convert/synthetic-checkpoint.js';
import type {SyntheticModel} from '../../src/convert/synthetic-shapes.js';
import {DelayedStream} from '../../src/engine/delayed-streams/delayed-stream.js';
import {loadWeights} from '../../src/engine/delayed-streams/engine.js';
import {LanguageModel} from '../../src/engine/delayed-streams/language-model.js';
import {framesPerCall} from '../../src/engine/latency.js';
import {type ModelManifest, readManifest, readModelPackage} from '../../src/engine/model-package.js';
import {onnxRuntimeVersion} from '../../src/engine/onnx.js';
import {findPrepared} from '../../src/engine/prepared-copy.js';
import {bytesTouched} from '../../src/models/bench/bytes-touched.js';
import {fullRing} from '../../src/models/bench/full-ring.js';
import {withHeardPadding} from '../../src/models/bench/heard-padding.js';
import {runLive} from '../../src/models/bench/live-run.js';
import {frameCost, median, StageMeter} from '../../src/models/bench/measure-stages.js';
import {MemoryBandwidth} from '../../src/models/bench/memory-bandwidth.js';
import {prepareModel} from '../../src/models/prepare-model.js';
import {syntheticPackage} from '../../src/models/synthetic-package.js';
import {growingAttention} from '../growing-attention.js';
import {openGrowing} from '../growing-decoder.js';

// npm run prove -- speed: a model of the true size, with a full window, against the same graph in fp32, against growing caches, and against the memory;
// then at the pace of speech against what its calls predict. Ratios are of one run, call by call in turn; times are printed and prove nothing.

const {values} = parseArgs({
	options: {
		model: {type: 'string', default: 'kyutai-1b'},
		scheme: {type: 'string', default: '4-bit'},
		rounds: {type: 'string', default: '15'},
		threads: {type: 'string', default: '2'},
		minutes: {type: 'string', default: '5'},
		/** Of PAD, for the runs at the pace of speech. */
		shares: {type: 'string', default: '0,0.5,0.65,0.8'},
	},
});
const model = values.model as SyntheticModel;
const scheme = values.scheme as Scheme;
const threads = Number(values.threads);
const latency = 'balanced';
/** About as many as show what the machine does meanwhile. */
const roundsPerMinute = 10;
let isProven = true;

function check(text: string, holds: boolean): void {
	if (!holds) isProven = false;
	console.log(`${holds ? '✔' : '✘'} ${text}`);
}

console.log(
	`Machine  ${os.cpus().length} × ${os.cpus()[0]!.model}, ${threads} threads, Node ${process.versions.node}, ONNX Runtime ${onnxRuntimeVersion}`,
);
console.log(`Model    synthetic ${model}, ${scheme}, full window; ${new Date().toISOString().slice(0, 10)}\n`);
if (Number(values.rounds) > 0) await proveCalls(Number(values.rounds));
if (Number(values.minutes) > 0) for (const share of values.shares.split(',')) await provePace(Number(share));
process.exit(isProven ? 0 : 1);

async function proveCalls(rounds: number): Promise<void> {
	const dir = await syntheticPackage(model, scheme);
	await prepareModel(dir);
	const {folder} = await findPrepared(dir);
	const manifest = await readManifest(dir);
	const {frontend, lm} = await loadWeights(dir, manifest, {threads, framesPerCall: 1}, folder);
	const plain = await openPlain();
	const growing = await openGrowingDecoder(manifest);
	const bandwidth = await MemoryBandwidth.open(threads);
	const {ring, position} = fullRing(lm);
	let state = frontend.createState();

	const {lmWeights, keysAndValues} = bytesTouched(manifest);
	const times = new Map<string, number[]>();
	const rates: number[] = [];
	for (let round = -2; round < rounds; round++) {
		const timed = async <Result>(name: string, compute: () => Promise<Result>): Promise<Result> => {
			const start = performance.now();
			const result = await compute();
			if (round >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - start]);
			return result;
		};
		const codes = (t: number) =>
			Int32Array.from(
				{length: manifest.lm.codebooks},
				(_, q) => (977 * (round + 2) + 37 * q + 11 * t) % (manifest.lm.codebookRows - 1),
			);
		const rows = (T: number) => Array.from({length: T}, (_, t) => ({token: t + 5, frame: {codes: codes(t)}}));
		for (const T of [1, 2, 4, 8]) await timed(`T = ${T}`, () => lm.run(rows(T), position, ring));
		await timed('fp32', () => plain.run(rows(1), position, ring));
		await timed('growing caches', () => growing.step(rows(1)[0]!));
		for (const frames of [1, 2, 4]) {
			const samples = Float32Array.from({length: frames * manifest.frameSamples}, () => Math.random() / 4 - 1 / 8);
			({state} = await timed(`frontend ${frames}`, () => frontend.run(samples, state)));
		}
		rates.push(await bandwidth.measure(lmWeights + keysAndValues));
	}
	await bandwidth.close();
	await frontend.close();
	for (const one of [lm, plain]) await one.graph.close();
	await growing.close();

	for (const [name, all] of times) {
		console.log(
			`  ${name.padEnd(16)} ${median(all).toFixed(1).padStart(7)} ms (at best ${Math.min(...all).toFixed(1)})`,
		);
	}
	// Within a round what else the machine does hits all alike; from round to round it changes.
	const ratio = (name: string, to: string) => median(times.get(name)!.map((ms, round) => ms / times.get(to)![round]!));
	const faster = (name: string) => ratio(name, 'T = 1');
	const bytesRead = lmWeights + keysAndValues;
	const share = median(times.get('T = 1')!.map((ms, round) => bytesRead / (ms / 1000) / rates[round]!));
	const rate = bytesRead / (median(times.get('T = 1')!) / 1000);
	check(`${faster('fp32').toFixed(2)} × as fast as fp32 (at least 2.8)`, faster('fp32') >= 2.8);
	check(
		`${faster('growing caches').toFixed(2)} × as fast as growing caches (at least 1.6)`,
		faster('growing caches') >= 1.6,
	);
	check(`4 frames a call take ${faster('T = 4').toFixed(2)} × what 1 takes (at most 1.9)`, faster('T = 4') <= 1.9);
	check(
		`reads ${(rate / 1e9).toFixed(1)} GB/s, ${(100 * share).toFixed(0)} % of the memory's ${(median(rates) / 1e9).toFixed(1)} GB/s (at least 45 %)`,
		share >= 0.45,
	);
	const fours = ratio('frontend 4', 'frontend 1') / 4;
	check(`a frame of the frontend in fours takes ${fours.toFixed(2)} × a single one (at most 0.5)`, fours <= 0.5);
}

/** The same graph with fp32 weights. */
async function openPlain(): Promise<LanguageModel> {
	const dir = await syntheticPackage(model, 'fp32');
	return LanguageModel.load(dir, await readModelPackage(dir), threads);
}

/** The same weights with the usual attention, whose caches grow, or here are full and are copied as if they did. */
async function openGrowingDecoder(manifest: ModelManifest) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-growing-'));
	try {
		const {config, lm} = syntheticCheckpoint(model);
		const checkpoint = await Safetensors.open(lm, `synthetic ${model}`);
		await convertLm(folder, {checkpoint, config, scheme, takesFeatures: false, attention: growingAttention});
		return await openGrowing(folder, manifest, {threads, isFull: true});
	} finally {
		await rm(folder, {recursive: true});
	}
}

/** A run at the pace of speech, in whose pauses the stages are measured while its clock stands still: what else the machine does comes and goes, and hits both alike. */
async function provePace(share: number): Promise<void> {
	const dir = await syntheticPackage(model, scheme);
	await prepareModel(dir);
	const {folder} = await findPrepared(dir);
	const weights = await loadWeights(
		dir,
		await readManifest(dir),
		{threads, framesPerCall: framesPerCall[latency]},
		folder,
	);
	const {manifest} = weights;
	const {frameSamples, sampleRate, tokens} = manifest;
	const frameMs = (frameSamples / sampleRate) * 1000;
	const meter = await StageMeter.open(weights, threads);
	const rounds = Math.max(5, roundsPerMinute * Number(values.minutes));
	let done = 0;
	let stoodStillMs = 0;
	const now = () => performance.now() - stoodStillMs;
	const startMs = now();
	const wait = async (ms: number) => {
		const startedMs = performance.now();
		const isDue = now() - startMs > (done * Number(values.minutes) * 60_000) / rounds;
		if (isDue && done++ < rounds) await meter.measure();
		stoodStillMs += performance.now() - startedMs;
		await setTimeout(ms);
	};
	const frontend = withHeardPadding(weights.frontend, share);
	const {calls, positions, paddings, computeMs, audioMs, lagMs} = await runLive(
		(emit, onPosition) => new DelayedStream({...weights, frontend}, emit, onPosition),
		{
			sampleRate,
			frameSamples,
			padding: tokens.padding,
			samples: Float32Array.from({length: 20 * sampleRate}, () => Math.random() / 4 - 1 / 8),
			minutes: Number(values.minutes),
			now,
			wait,
		},
	);
	// A run that is always behind has no pauses.
	for (; done < rounds; done++) await meter.measure();
	const stages = await meter.close();
	await weights.frontend.close();
	await weights.lm.graph.close();

	const rtf = computeMs / audioMs;
	const predicted = frameCost(stages, framesPerCall[latency], calls / positions) / frameMs;
	console.log(
		`\n${(100 * share).toFixed(0)} % PAD (${((100 * paddings) / positions).toFixed(0)} came), ${values.minutes} minutes at the pace of speech, --latency ${latency}: ${(positions / calls).toFixed(2)} frames accepted a call, lag at most ${lagMs.largest.toFixed(0)} ms, 95 % within ${lagMs.p95.toFixed(0)} ms`,
	);
	if (share === 0) {
		const single = (stages.lmMs[1]! + stages.frontendMs[1]!) / frameMs;
		check(
			`RTF ${rtf.toFixed(3)}, one frame a call would take ${single.toFixed(3)} (at most 1.05 ×)`,
			rtf <= 1.05 * single,
		);
	} else {
		check(`RTF ${rtf.toFixed(3)}, predicted ${predicted.toFixed(3)} (at most 1.1 ×)`, rtf <= 1.1 * predicted);
	}
	if (predicted <= 0.9) check(`the lag stays below a second`, lagMs.largest <= 1000);
}
