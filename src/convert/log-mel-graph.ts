import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import type {LogMelConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {melFilters, windowedDft} from './mel-filters.js';
import {bytesOf, GraphBuilder} from './onnx/graph-builder.js';
import {WeightsFile} from './onnx/weights-file.js';
import type {Safetensors} from './safetensors.js';
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
		const states = new States(graph);
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

/** The tail of a signal that the next call needs in front of its own: declared as a pair of input and output, zeros at the start. */
class States {
	readonly declared: ModelManifest['frontend']['states'] = [];

	constructor(private readonly graph: GraphBuilder) {}

	/** Puts the last `width` columns of the call before in front of `signal` [...dims, any], and keeps the last ones of the whole for the next call. */
	prepend(name: string, dims: readonly number[], width: number, signal: string): string {
		const {graph} = this;
		const state = [...dims, width];
		this.declared.push({name, dims: state});
		const whole = graph.node('Concat', [graph.input(`state.${name}`, 'float', state), signal], {
			attributes: {axis: -1},
		});
		const next = graph.node('Slice', [whole, graph.int64s([-width]), graph.int64s([2 ** 31]), graph.int64s([-1])], {
			outputs: [`next.${name}`],
		});
		graph.output(next, 'float', state);
		return whole;
	}
}

/** `pcm` → log-mel [1, nMels, nMelFrames]; mel frame j sees samples hop·j − (window − hop) … hop·j + hop − 1. */
async function addLogMel(
	graph: GraphBuilder,
	states: States,
	config: LogMelConfig,
	filters: Float32Array,
): Promise<string> {
	const {window, hop, n_fft: fftSize, n_mels: nMels} = config;
	const bins = Math.floor(fftSize / 2) + 1;
	const pcm = graph.input('pcm', 'float', [1, 'nSamples']);
	const samples = states.prepend('samples', [1], window - hop, pcm);

	const signal = graph.node('Unsqueeze', [samples, graph.int64s([1])]);
	const dft = await graph.tensor('dft', 'float', [2 * bins, 1, fftSize], [bytesOf(windowedDft(fftSize))]);
	const spectrum = graph.node('Conv', [signal, dft], {attributes: {kernel_shape: [fftSize], strides: [hop]}});
	const [cosines, sines] = graph.nodes('Split', [spectrum], 2, {attributes: {axis: 1, num_outputs: 2}});
	const square = (value: string) => graph.node('Mul', [value, value]);
	const power = graph.node('Add', [square(cosines!), square(sines!)]);

	const melFiltersValue = await graph.tensor('mel_filters', 'float', [nMels, bins], [bytesOf(filters)]);
	const energy = graph.node('MatMul', [melFiltersValue, power]);
	const log = graph.node('Log', [graph.node('Add', [energy, graph.floats([config.log_offset], [])])]);
	const scaled = graph.node('Mul', [log, graph.floats([config.log_scale], [])]);
	return graph.node('Add', [scaled, graph.floats([config.log_shift], [])]);
}

/** Strided causal convolutions, each followed by exact GELU: [1, nMels, nMelFrames] → [1, dim, F]. */
async function addConvs(
	graph: GraphBuilder,
	states: States,
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
