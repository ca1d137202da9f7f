import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import type {MimiConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {findMimiTensors, type MimiTensors} from './mimi-tensors.js';
import {addMimiTransformer, mimiAttentionShape} from './mimi-transformer.js';
import {GraphBuilder} from './onnx/graph-builder.js';
import {WeightsFile} from './onnx/weights-file.js';
import {addSplitQuantiser} from './residual-quantiser.js';
import type {Safetensors} from './safetensors.js';
import {addConv, addSeanet} from './seanet.js';
import {StreamingStates} from './streaming-states.js';

/** What to convert. `codebooks`: how many of the file's codebooks, from the first on. */
export type MimiConversion = {
	checkpoint: Safetensors;
	config: MimiConfig;
	codebooks: number;
	/** Adds the outputs `seanet` and `transformer` [1, 2F, dimension] and `latents` [1, F, dimension], for comparison with a reference. */
	tapLatents?: boolean;
	/** Called after each of `total` equal parts. Throwing ends the conversion. */
	onProgress?: (done: number, total: number) => void;
};

/** What a manifest says of the frontend: rate, samples in one frame, states and window. */
export type MimiShape = {
	sampleRate: number;
	frameSamples: number;
	frontend: Extract<ModelManifest['frontend'], {type: 'mimi'}>;
};

/**
 * Writes the Mimi encoder of `checkpoint` as `frontend.onnx` and `frontend.weights` into `folder`: PCM → codes, streaming, as kyutai-labs/moshi
 * `moshi/moshi/models/compression.py` encodes frame by frame (specs: kyutai-stt §4.6–4.9). Everything is fp32.
 *
 * Inputs: `pcm` [1, frameSamples · F] in [-1, 1]; `state.<name>` of each state; `is_first` bool [], whether no frame came before; and with T = 2F positions, two a frame,
 * `cos`, `sin` [T, d/2], `rope_idx` int64 [1, T] and what `splitAttention` declares, with a ring of context − 2 slots.
 * Outputs: `codes` int64 [1, F, codebooks]; `next.<name>` of each state; `new_k{l}`, `new_v{l}` [1, H, T, d].
 * (2 stands for `downsample_stride`.)
 *
 * Throws `ConvertError` naming the first tensor that is missing or wrong, before anything is written.
 */
export async function convertMimi(folder: string, conversion: MimiConversion): Promise<MimiShape> {
	const {checkpoint, config, codebooks} = conversion;
	const tensors = findMimiTensors(checkpoint, config, codebooks);
	const transformer = mimiAttentionShape(config);
	const headDim = transformer.dim / transformer.num_heads;
	if (!Number.isInteger(headDim / 2)) {
		const {dim, num_heads: heads} = transformer;
		throw new ConvertError('bad-config', `A dimension of ${dim} cannot be split into ${heads} heads of an even width.`);
	}
	const weights = await WeightsFile.create(path.join(folder, 'frontend.weights'));
	try {
		const graph = new GraphBuilder('frontend', weights);
		const states = new StreamingStates(graph);
		await addMimi(graph, states, tensors, conversion);
		await weights.finish();
		await graph.write(path.join(folder, 'frontend.onnx'));
		return {
			sampleRate: config.sample_rate,
			frameSamples: config.ratios.reduce((product, ratio) => product * ratio, config.downsample_stride),
			frontend: {
				type: 'mimi',
				states: states.declared,
				transformer: {
					layers: config.transformer.num_layers,
					heads: transformer.num_heads,
					headDim,
					context: transformer.context,
					maxPeriod: config.transformer.max_period,
				},
				positionsPerFrame: config.downsample_stride,
			},
		};
	} catch (error) {
		await weights.abandon();
		throw error;
	}
}

async function addMimi(
	graph: GraphBuilder,
	states: StreamingStates,
	tensors: MimiTensors,
	conversion: MimiConversion,
): Promise<void> {
	const {checkpoint, config, codebooks, tapLatents = false, onProgress} = conversion;
	const {dimension: dim} = config;
	const tap = (name: string, value: string, count: string) => {
		if (tapLatents) graph.output(graph.node('Identity', [value], {outputs: [name]}), 'float', [1, count, dim]);
	};
	const transposed = (x: string) => graph.node('Transpose', [x], {attributes: {perm: [0, 2, 1]}});
	const parts = 3;

	const pcm = graph.node('Unsqueeze', [graph.input('pcm', 'float', [1, 'nSamples']), graph.int64s([1])]);
	const heard = transposed(await addSeanet({graph, states, checkpoint}, tensors, pcm));
	tap('seanet', heard, 'T');
	onProgress?.(1, parts);

	const attended = await addMimiTransformer({graph, checkpoint, config}, tensors.layers, heard);
	tap('transformer', attended, 'T');
	onProgress?.(2, parts);

	const isFirst = graph.input('is_first', 'bool', []);
	const columns = transposed(attended);
	const first = graph.node('Slice', [columns, graph.int64s([0]), graph.int64s([1]), graph.int64s([2])]);
	// At the start there is the first latent in place of the ones before it, not zeros (moshi `modules/resample.py`, "replicate").
	const beforeOrFirst = (state: string) => graph.node('Where', [isFirst, first, state]);
	const latents = transposed(
		await addConv({graph, states, checkpoint}, 'downsample', tensors.downsample, columns, beforeOrFirst),
	);
	tap('latents', latents, 'F');
	await addSplitQuantiser({graph, checkpoint, config}, tensors, latents);
	graph.output('codes', 'int64', [1, 'F', codebooks]);
	onProgress?.(3, parts);
}
