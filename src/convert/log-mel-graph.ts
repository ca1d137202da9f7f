import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import type {LogMelConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {foldedDft, melFilters} from './mel-filters.js';
import {bytesOf, elementCode, GraphBuilder} from './onnx/graph-builder.js';
import {WeightsFile} from './onnx/weights-file.js';
import type {Safetensors} from './safetensors.js';
import {StreamingStates} from './streaming-states.js';
import {checkFloats} from './tensor-checks.js';

/** What to convert. `dim` is the width of the features. `tapMel` adds the output `mel` [1, nMels, nMelFrames], for comparison with a reference. */
export type LogMelConversion = {checkpoint: Safetensors; config: LogMelConfig; dim: number; tapMel?: boolean};

/** What a manifest says of the frontend: samples in one frame, and the states. */
export type LogMelShape = {frameSamples: number; frontend: ModelManifest['frontend']};

/**
 * Writes the frontend of the embedded model as `frontend.onnx` and `frontend.weights` into `folder`: PCM → log-mel → causal convolutions,
 * as `models/embedded/README.md` defines it, streaming. Everything is fp32.
 *
 * Inputs: `pcm` [1, frameSamples · F] in [-1, 1]; `state.samples` [1, window − hop]; `state.conv{i}` [1, channels, kernel − stride].
 * Outputs: `features` [1, F, dim]; `next.<name>` of each state. States start as zeros.
 *
 * Throws `ConvertError` naming the first tensor that is missing or wrong, before anything is written.
 */
export async function convertLogMel(folder: string, conversion: LogMelConversion): Promise<LogMelShape> {
	const {config} = conversion;
	const convs = findConvs(conversion);
	const filters = melFilters({
		fftSize: config.n_fft,
		sampleRate: config.sample_rate,
		nMels: config.n_mels,
		maxHz: config.f_max,
	});
	const melFramesPerFrame = config.conv_stride ** convs.length;
	const frameSamples = config.hop * melFramesPerFrame;

	const weights = await WeightsFile.create(path.join(folder, 'frontend.weights'));
	try {
		const graph = new GraphBuilder('frontend', weights);
		const states = new StreamingStates(graph);
		const mel = await addLogMel(graph, states, config, filters);
		const columns = await addConvs(graph, states, conversion, convs, mel);
		graph.node('Transpose', [columns], {attributes: {perm: [0, 2, 1]}, outputs: ['features']});
		graph.output('features', 'float', [1, 'F', conversion.dim]);
		if (conversion.tapMel) {
			graph.output(graph.node('Identity', [mel], {outputs: ['mel']}), 'float', [1, config.n_mels, 'nMelFrames']);
		}
		await weights.finish();
		await graph.write(path.join(folder, 'frontend.onnx'));
		return {frameSamples, frontend: {type: 'log-mel', states: states.declared}};
	} catch (error) {
		await weights.abandon();
		throw error;
	}
}

type Conv = {prefix: string; inChannels: number; outChannels: number};

/** The chain of convolutions in the checkpoint, from the mel bands to `dim` channels. */
function findConvs({checkpoint, config, dim}: LogMelConversion): Conv[] {
	const convs: Conv[] = [];
	let channels = config.n_mels;
	while (channels !== dim || checkpoint.tensors.has(`frontend.conv${convs.length}.weight`)) {
		const prefix = `frontend.conv${convs.length}`;
		const outChannels = checkpoint.get(`${prefix}.weight`).shape[0] ?? 0;
		checkFloats(checkpoint, `${prefix}.weight`, [outChannels, channels, config.conv_kernel]);
		checkFloats(checkpoint, `${prefix}.bias`, [outChannels]);
		convs.push({prefix, inChannels: channels, outChannels});
		channels = outChannels;
	}
	if (convs.length > maxConvs) {
		throw new ConvertError('bad-tensor', `${checkpoint.label} has ${convs.length} convolutions, which is too many.`);
	}
	return convs;
}

/** Each one divides the frame rate: with more, a frame would last seconds. */
const maxConvs = 6;

/** `pcm` → log-mel [1, nMels, nMelFrames]; mel frame j sees samples hop·j − (window − hop) … hop·j + hop − 1. */
async function addLogMel(
	graph: GraphBuilder,
	states: StreamingStates,
	config: LogMelConfig,
	filters: Float32Array,
): Promise<string> {
	const {window, hop, n_fft: fftSize, n_mels: nMels} = config;
	const pcm = graph.input('pcm', 'float', [1, 'nSamples']);
	const samples = states.prepend('samples', [1], window - hop, pcm);
	const power = await addPower(graph, addMelFrames(graph, {samples, pcm}, config), fftSize);

	const bank = await graph.tensor('mel_filters', 'float', [fftSize / 2 + 1, nMels], [bytesOf(filters)]);
	const energy = graph.node('MatMul', [power, bank]);
	const log = graph.node('Log', [graph.node('Add', [energy, graph.floats([config.log_offset], [])])]);
	const scaled = graph.node('Mul', [log, graph.floats([config.log_scale], [])]);
	const shifted = graph.node('Add', [scaled, graph.floats([config.log_shift], [])]);
	return graph.node('Transpose', [shifted], {attributes: {perm: [0, 2, 1]}});
}

/** Names of values [1, nMelFrames, window/2]: samples 1 … window/2 of each mel frame, and their partners, samples window − 1 … window/2. */
type MelFrames = {first: string; mirrored: string};

/** Gathers the overlapping windows out of `samples` [1, window − hop + nSamples]; sample 0 of a window has weight 0 and is left out. */
function addMelFrames(
	graph: GraphBuilder,
	{samples, pcm}: {samples: string; pcm: string},
	{window, hop}: LogMelConfig,
): MelFrames {
	const nSamples = graph.node('Squeeze', [graph.node('Shape', [pcm], {attributes: {start: 1, end: 2}})]);
	const starts = graph.node('Range', [graph.int64s([0], []), nSamples, graph.int64s([hop], [])]);
	const column = graph.node('Unsqueeze', [starts, graph.int64s([1])]);
	const gather = (sampleOf: (n: number) => number) => {
		const offsets = Array.from({length: window / 2}, (_, i) => sampleOf(i + 1));
		const indices = graph.node('Add', [column, graph.int64s(offsets, [1, offsets.length])]);
		return graph.node('Gather', [samples, indices], {attributes: {axis: 1}});
	};
	return {first: gather(n => n), mirrored: gather(n => window - n)};
}

/**
 * Power spectrum [1, nMelFrames, nBins], in f32. The sums are double: beside a loud band an f32 sum leaves a quiet one with errors of 1e-5
 * in the logarithm, other ones on every processor. In double, every machine hears the same.
 */
async function addPower(graph: GraphBuilder, {first, mirrored}: MelFrames, fftSize: number): Promise<string> {
	const {cosines, sines} = foldedDft(fftSize);
	const addPart = async (name: string, opType: 'Add' | 'Sub', weights: Float64Array) => {
		// Sums and differences of two 16-bit samples are exact in f32.
		const folded = graph.node('Cast', [graph.node(opType, [first, mirrored])], {attributes: {to: elementCode.double}});
		const dft = await graph.tensor(name, 'double', [fftSize / 2, fftSize / 2 + 1], [bytesOf(weights)]);
		const part = graph.node('MatMul', [folded, dft]);
		return graph.node('Mul', [part, part]);
	};
	const real = await addPart('dft.cosines', 'Add', cosines);
	const imaginary = await addPart('dft.sines', 'Sub', sines);
	return graph.node('Cast', [graph.node('Add', [real, imaginary])], {attributes: {to: elementCode.float}});
}

/** Strided causal convolutions, each followed by exact GELU: [1, nMels, nMelFrames] → [1, dim, F]. */
async function addConvs(
	graph: GraphBuilder,
	states: StreamingStates,
	{checkpoint, config}: LogMelConversion,
	convs: readonly Conv[],
	mel: string,
): Promise<string> {
	const {conv_kernel: kernel, conv_stride: stride} = config;
	let x = mel;
	for (const [i, {prefix, inChannels, outChannels}] of convs.entries()) {
		const weight = await graph.tensor(
			`${prefix}.weight`,
			'float',
			[outChannels, inChannels, kernel],
			[bytesOf(await checkpoint.readFloats(`${prefix}.weight`))],
		);
		const bias = graph.floats(await checkpoint.readFloats(`${prefix}.bias`), [outChannels]);
		const input = states.prepend(`conv${i}`, [1, inChannels], kernel - stride, x);
		const output = graph.node('Conv', [input, weight, bias], {
			attributes: {kernel_shape: [kernel], strides: [stride]},
		});
		x = graph.node('Gelu', [output]);
	}
	return x;
}
