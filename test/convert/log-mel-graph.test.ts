import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import * as ort from 'onnxruntime-node';
import {embeddedConfig, readConfig} from '../../src/convert/checkpoint-config.js';
import {convertLogMel, type LogMelShape} from '../../src/convert/log-mel-graph.js';
import {melFilters} from '../../src/convert/mel-filters.js';
import {openSafetensors, type Safetensors} from '../../src/convert/safetensors.js';
import {projectRoot} from '../project-root.js';
import {assertClose, largestDifference} from './close.js';
import {temporaryFolder} from './temporary-folder.js';

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'embedded');

/** The frontend with `mel` tapped; outputs are joined along their last axis over calls of the given numbers of frames. */
class Frontend {
	private constructor(
		private readonly session: ort.InferenceSession,
		readonly shape: LogMelShape,
	) {}

	static async open(t: TestContext): Promise<Frontend> {
		const folder = await temporaryFolder(t);
		const config = await readConfig(path.join(fixtures, 'config.json'), embeddedConfig);
		const checkpoint = await openFile(t, path.join(fixtures, 'model.safetensors'));
		const shape = await convertLogMel(folder, {checkpoint, config: config.frontend, dim: config.dim, tapMel: true});
		const session = await ort.InferenceSession.create(path.join(folder, 'frontend.onnx'), {intraOpNumThreads: 1});
		t.after(() => session.release());
		return new Frontend(session, shape);
	}

	/** Features [frames, dim] and mel [nMels][nMelFrames] of `samples`, F frames a call as `cuts` says, the last of which repeats. */
	async run(samples: Float32Array, cuts: readonly number[]): Promise<{features: Float32Array; mel: number[][]}> {
		const {frameSamples, frontend} = this.shape;
		const states: Record<string, ort.Tensor> = {};
		for (const {name, dims} of frontend.states) {
			states[`state.${name}`] = new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims);
		}
		const features: number[] = [];
		const mel: number[][] = [];
		for (let start = 0, call = 0; start < samples.length; call++) {
			const pcm = samples.slice(start, start + frameSamples * (cuts[call] ?? cuts.at(-1)!));
			start += pcm.length;
			const outputs = await this.session.run({...states, pcm: new ort.Tensor('float32', pcm, [1, pcm.length])});
			for (const {name} of frontend.states) states[`state.${name}`] = outputs[`next.${name}`]! as ort.Tensor;
			for (const feature of outputs.features!.data as Float32Array) features.push(feature);
			const [, nMels = 0, nMelFrames = 0] = outputs.mel!.dims;
			const data = outputs.mel!.data as Float32Array;
			for (let band = 0; band < nMels; band++) {
				mel[band] ??= [];
				for (const value of data.subarray(band * nMelFrames, (band + 1) * nMelFrames)) mel[band]!.push(value);
			}
		}
		return {features: Float32Array.from(features), mel};
	}
}

async function openFile(t: TestContext, file: string): Promise<Safetensors> {
	const opened = await openSafetensors(file);
	t.after(() => opened.close());
	return opened;
}

const parity = (t: TestContext) => openFile(t, path.join(fixtures, 'parity', 'minute.safetensors'));

/** Whole frames of `minute.wav`, a WAV with the plain header of 44 bytes. */
async function minute(): Promise<Float32Array> {
	const file = await readFile(path.join(fixtures, 'parity', 'minute.wav'));
	const pcm = new Int16Array(Uint8Array.from(file.subarray(44)).buffer);
	return Float32Array.from(pcm.subarray(0, pcm.length - (pcm.length % 1280)), sample => sample / 32_768);
}

test('the log-mel is the reference one, from the first sample and amid speech', async t => {
	const reference = await parity(t);
	const {mel} = await (await Frontend.open(t)).run(await minute(), [Infinity]);
	const [speechStart] = await reference.readInt64s('mel_speech_start');
	for (const [name, start] of [
		['mel', 0],
		['mel_speech', Number(speechStart)],
	] as const) {
		const found = mel.flatMap(band => band.slice(start, start + 64));
		const expected = await reference.readFloats(name);
		t.diagnostic(`${name} differs by ${largestDifference(found, expected)}`);
		// The reference is summed in f32 and is itself up to 9.8e-6 from the exact value; ours is within 3e-7 of that on every processor.
		assertClose(found, expected, 1e-5, name);
	}
});

test('the features are the reference ones', async t => {
	const expected = await (await parity(t)).readFloats('features');
	const {features} = await (await Frontend.open(t)).run((await minute()).subarray(0, 50 * 1280), [Infinity]);
	// They reach 34, where one step of an f32 is 4e-6.
	assertClose(features.subarray(0, expected.length), expected, 5e-5);
});

test('pieces of 1, 3, 8 and mixed frames equal the whole', async t => {
	const frontend = await Frontend.open(t);
	const samples = (await minute()).subarray(0, 60 * 1280);
	const whole = await frontend.run(samples, [60]);
	for (const cuts of [[1], [3], [8], [2, 1, 7, 5, 1, 30, 4]]) {
		const pieces = await frontend.run(samples, cuts);
		assertClose(pieces.mel.flat(), whole.mel.flat(), 1e-6, `mel in pieces of ${cuts}`);
		assertClose(pieces.features, whole.features, 5e-5, `features in pieces of ${cuts}`);
	}
});

test('the shapes are the configuration’s', async t => {
	const {shape} = await Frontend.open(t);
	assert.deepEqual(shape, {
		frameSamples: 1280,
		frontend: {
			type: 'log-mel',
			states: [
				{name: 'samples', dims: [1, 240]},
				{name: 'conv0', dims: [1, 80, 3]},
				{name: 'conv1', dims: [1, 160, 3]},
				{name: 'conv2', dims: [1, 224, 3]},
			],
		},
	});
});

test('silence has the lowest log-mel that there is', async t => {
	const {mel} = await (await Frontend.open(t)).run(new Float32Array(1280), [1]);
	const floor = 0.25 * Math.log(1e-5) + 0.5;
	assertClose(mel.flat(), Array(mel.flat().length).fill(floor), 1e-6);
});

test('filters that lie between two bins of the DFT are refused', () => {
	assert.throws(
		() => melFilters({fftSize: 64, sampleRate: 16_000, nMels: 80, maxHz: 7600}),
		/80 mel filters are too narrow/,
	);
});
