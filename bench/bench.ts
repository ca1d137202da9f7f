import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {embeddedConfig, readConfig} from '../src/convert/checkpoint-config.js';
import {convertLm} from '../src/convert/lm-graph.js';
import {openSafetensors} from '../src/convert/safetensors.js';
import {createStartTemplate, DecodeLoop} from '../src/engine/delayed-streams/decode-loop.js';
import {Frontend} from '../src/engine/delayed-streams/frontend.js';
import {LanguageModel} from '../src/engine/delayed-streams/language-model.js';
import {readModelPackage} from '../src/engine/model-package.js';
import {onnxRuntimeVersion} from '../src/engine/onnx.js';
import {projectRoot} from '../src/system/project-root.js';
import {growingAttention} from './growing-attention.js';
import {decodeGrowing} from './growing-decoder.js';
import {type Measured, measureCommand} from './measure-command.js';

// npm run bench: what the embedded model costs on this machine. Times are of this run alone; ratios are what to quote.

const packageDir = path.join(projectRoot, 'models', 'embedded');
const fixtures = path.join(projectRoot, 'test', 'fixtures', 'embedded');
const {values} = parseArgs({options: {rounds: {type: 'string', default: '3'}}});
const rounds = Number(values.rounds);
const threads = 1;

const manifest = await readModelPackage(packageDir);
const temporary = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-bench-'));
try {
	const minute = await readFile(path.join(fixtures, 'parity', 'minute.wav'));
	console.log(
		`Machine    ${os.cpus().length} × ${os.cpus()[0]!.model}, Node ${process.versions.node}, ONNX Runtime ${onnxRuntimeVersion}`,
	);
	console.log(
		`Model      ${manifest.id}, ${manifest.quantisation}, ${threads} thread; ${new Date().toISOString().slice(0, 10)}`,
	);
	await measureCommands(minute);
	await measureDecoding(minute);
} finally {
	await rm(temporary, {recursive: true});
}

/** The whole command, as a user starts it. */
async function measureCommands(minute: Buffer): Promise<void> {
	const copies = 4;
	const file = path.join(temporary, 'minutes.wav');
	const data = Buffer.concat(Array.from({length: copies}, () => minute.subarray(44)));
	const header = Buffer.from(minute.subarray(0, 44));
	header.writeUInt32LE(data.length + 36, 4);
	header.writeUInt32LE(data.length, 40);
	await writeFile(file, Buffer.concat([header, data]));
	const audioMs = data.length / 2 / 16;

	const command = [path.join(projectRoot, 'bin', 'pi-caption.cjs'), 'transcribe', '--json', file];
	const runs: Measured[] = [];
	for (let round = 0; round < rounds; round++) {
		const run = await measureCommand([...command, '--threads', String(threads)], line => line.includes('"partial"'));
		if (run.exitCode !== 0) throw new Error(`pi-caption transcribe ended with ${run.exitCode}.`);
		runs.push(run);
	}
	const best = (pick: (run: Measured) => number) => Math.min(...runs.map(pick));
	console.log(`\npi-caption transcribe of ${(audioMs / 1000).toFixed(0)} s of speech, best of ${rounds}`);
	console.log(`RTF        ${(best(run => run.wallMs) / audioMs).toFixed(4)} from start to exit`);
	console.log(`First word ${best(run => run.firstMs ?? Number.NaN).toFixed(0)} ms after the command was started`);
	console.log(`Memory     ${Math.max(...runs.map(run => run.peakMb)).toFixed(0)} MB resident at most`);
}

/** Decoding alone: the same features, the same weights, three ways to hold the past. */
async function measureDecoding(minute: Buffer): Promise<void> {
	const samples = Float32Array.from(
		{length: (minute.length - 44) / 2},
		(_, i) => minute.readInt16LE(44 + 2 * i) / 32768,
	);
	const whole = samples.subarray(0, samples.length - (samples.length % manifest.frameSamples));
	const frontend = await Frontend.load(packageDir, manifest, threads);
	const {features} = await frontend.run(whole, frontend.createState());
	await frontend.close();

	const config = await readConfig(path.join(fixtures, 'config.json'), embeddedConfig);
	const checkpoint = await openSafetensors(path.join(fixtures, 'model.safetensors'));
	await convertLm(temporary, {
		checkpoint,
		config,
		scheme: manifest.quantisation,
		takesFeatures: true,
		attention: growingAttention,
	});
	await checkpoint.close();

	const lm = await LanguageModel.load(packageDir, manifest, threads);
	const template = await createStartTemplate(lm);
	const split = async (framesPerCall: number) => {
		const tokens: number[] = [];
		const loop = new DecodeLoop(lm, template, ({token}) => tokens.push(token));
		for (const row of features) loop.push({features: row});
		while (loop.waiting > 0) await loop.step(framesPerCall);
		return {tokens, calls: loop.calls};
	};

	const times = {growing: Infinity, single: Infinity, guessed: Infinity};
	let different = 0;
	let calls = 0;
	for (let round = 0; round < rounds; round++) {
		const growing = await timed(() => decodeGrowing(temporary, manifest, features));
		const single = await timed(() => split(1));
		const guessed = await timed(() => split(8));
		times.growing = Math.min(times.growing, growing.ms);
		times.single = Math.min(times.single, single.ms);
		times.guessed = Math.min(times.guessed, guessed.ms);
		calls = guessed.result.calls;
		different = growing.result.filter((token, i) => token !== single.result.tokens[i]).length;
	}
	await lm.graph.close();

	const frames = features.length;
	const row = (name: string, ms: number, note: string) =>
		console.log(
			`${name} ${(ms / frames).toFixed(3).padStart(7)} ms a frame  ${(times.growing / ms).toFixed(2)} ×  ${note}`,
		);
	console.log(`\nDecoding of ${frames} frames, best of ${rounds} in turn`);
	console.log(
		`${different} of ${frames + 1} tokens differ between growing caches and split attention (last bits, amplified by ${manifest.quantisation} weights)`,
	);
	row('growing caches ', times.growing, '(baseline, one frame a call)');
	row('split attention', times.single, 'one frame a call');
	row(
		'split attention',
		times.guessed,
		`up to 8 frames a call, text guessed: ${(frames / calls).toFixed(1)} frames accepted a call`,
	);
}

async function timed<Result>(compute: () => Promise<Result>): Promise<{ms: number; result: Result}> {
	const start = performance.now();
	const result = await compute();
	return {ms: performance.now() - start, result};
}
