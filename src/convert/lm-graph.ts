import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import type {LmConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {bf16FromFloats} from './half-floats.js';
import {addLinear, type Scheme} from './linear.js';
import {codebookRows, findLmTensors, type LayerTensors, type LmTensors} from './lm-tensors.js';
import {type Matrix, rowBlocks} from './matrix.js';
import {bytesOf, elementCode, GraphBuilder} from './onnx/graph-builder.js';
import {WeightsFile} from './onnx/weights-file.js';
import {createQuantiser, type Quantiser} from './quantiser.js';
import {addRotation, type Rotate} from './rotation.js';
import type {Safetensors} from './safetensors.js';
import {addSelfAttention} from './self-attention.js';
import {type Attention, splitAttention} from './split-attention.js';

/** What to convert. `takesFeatures`: a frontend's features are added to the input embedding. */
export type LmConversion = {
	checkpoint: Safetensors;
	config: LmConfig;
	scheme: Scheme;
	takesFeatures: boolean;
	/** @default splitAttention */
	attention?: Attention;
	/** Called after each of `total` equal parts. Throwing ends the conversion. */
	onProgress?: (done: number, total: number) => void;
};

/**
 * Writes the decoder of `checkpoint` as `lm.onnx` and `lm.weights` into `folder` and returns what a manifest says of it.
 * It computes what kyutai-labs/moshi `rust/moshi-core/src/lm.rs` does (specs: kyutai-stt §4.1–4.5), T positions a call, batch 1.
 *
 * Inputs: `idx` int64 [1, T, 1 + n_q], rows of the table text_emb ‖ emb.0 ‖ …; `features` [1, T, dim] where `takesFeatures`;
 * `cos`, `sin` [T, d/2] of each position's angles; `rope_idx` int64 [1, T] = 0 … T − 1; and what `attention` declares.
 * Outputs: `logits` [1, T, text_card]; `vad` [1, T, heads, classes] after softmax, where there are extra heads; and what `attention` declares.
 *
 * Throws `ConvertError` naming the first tensor that is missing or wrong, before anything is written.
 */
export async function convertLm(folder: string, conversion: LmConversion): Promise<ModelManifest['lm']> {
	const {checkpoint, config, takesFeatures} = conversion;
	const shape = lmShape(config, takesFeatures);
	const tensors = findLmTensors(checkpoint, config);
	const weights = await WeightsFile.create(path.join(folder, 'lm.weights'));
	const quantiser = createQuantiser();
	try {
		const graph = new GraphBuilder('lm', weights);
		await addLm(graph, tensors, conversion, quantiser);
		await weights.finish();
		await graph.write(path.join(folder, 'lm.onnx'));
	} catch (error) {
		await weights.abandon();
		throw error;
	} finally {
		await quantiser.close();
	}
	return shape;
}

function lmShape(config: LmConfig, takesFeatures: boolean): ModelManifest['lm'] {
	const {dim, num_heads: heads, extra_heads_num_heads: vadHeads} = config;
	const headDim = dim / heads;
	if (!Number.isInteger(headDim / 2)) {
		throw new ConvertError('bad-config', `A dim of ${dim} cannot be split into ${heads} heads of an even width.`);
	}
	return {
		dim,
		layers: config.num_layers,
		heads,
		headDim,
		context: config.context,
		maxPeriod: config.max_period,
		vocabulary: config.text_card,
		codebooks: config.n_q,
		codebookRows: codebookRows(config),
		takesFeatures,
		vad: {
			heads: vadHeads,
			classes: vadHeads === 0 ? 0 : config.extra_heads_dim,
			usable: vadHeads > 0 && config.extra_heads_usable,
		},
	};
}

async function addLm(
	graph: GraphBuilder,
	tensors: LmTensors,
	conversion: LmConversion,
	quantiser: Quantiser,
): Promise<void> {
	const {checkpoint, config, scheme, attention = splitAttention, onProgress} = conversion;
	const parts = config.num_layers + 2;
	let x = await addEmbedding(graph, tensors.embeddings, conversion);
	onProgress?.(1, parts);

	const rotate = addRotation(graph, config);
	const attend = attention(graph, config);
	const shared: Parts = {graph, checkpoint, config, scheme, quantiser};
	for (const [i, layer] of tensors.layers.entries()) {
		x = await addAttentionBlock({...shared, rotate, attend}, i, layer, x);
		x = await addFeedForwardBlock(shared, i, layer, x);
		onProgress?.(i + 2, parts);
	}

	const normed = await addNorm({graph, checkpoint, config}, tensors.outNorm, x);
	const head = {name: 'text_linear', input: normed, weights: tensors.textLinear, output: 'logits'};
	await addLinear(graph, scheme, head, quantiser);
	graph.output('logits', 'float', [1, 'T', config.text_card]);
	if (tensors.extraHeads) await addVad(graph, tensors.extraHeads, config, normed);
	onProgress?.(parts, parts);
}

/** Σ of the gathered rows [1, T, dim], plus the features. Tables are BF16 where the linears are quantised: rows are gathered from the mapped file, then widened. */
async function addEmbedding(graph: GraphBuilder, table: Matrix, conversion: LmConversion): Promise<string> {
	const {config, scheme, takesFeatures} = conversion;
	const idx = graph.input('idx', 'int64', [1, 'T', 1 + config.n_q]);
	const isBf16 = scheme !== 'fp32';
	async function* pieces() {
		for await (const {floats} of rowBlocks(table)) yield bytesOf(isBf16 ? bf16FromFloats(floats) : floats);
	}
	const embeddings = await graph.tensor(
		'embeddings',
		isBf16 ? 'bfloat16' : 'float',
		[table.rows, table.columns],
		pieces(),
	);
	const gathered = graph.node('Gather', [embeddings, idx], {attributes: {axis: 0}});
	const rows = isBf16 ? graph.node('Cast', [gathered], {attributes: {to: elementCode.float}}) : gathered;
	const sum = graph.node('ReduceSum', [rows, graph.int64s([2])], {attributes: {keepdims: 0}});
	if (!takesFeatures) return sum;
	return graph.node('Add', [sum, graph.input('features', 'float', [1, 'T', config.dim])]);
}

type Parts = {
	graph: GraphBuilder;
	checkpoint: Safetensors;
	config: LmConfig;
	scheme: Scheme;
	quantiser: Quantiser;
};

/** x + out_proj(attention(norm1(x))) */
async function addAttentionBlock(
	{rotate, attend, ...parts}: Parts & {rotate: Rotate; attend: ReturnType<Attention>},
	layer: number,
	tensors: LayerTensors,
	x: string,
): Promise<string> {
	const {graph, config, scheme, quantiser} = parts;
	const normed = await addNorm(parts, tensors.norm1, x);
	const projected = await addSelfAttention(
		graph,
		scheme,
		{layer, shape: config, input: normed, inProj: tensors.inProj, outProj: tensors.outProj},
		{rotate, attend, quantiser},
	);
	return graph.node('Add', [x, projected]);
}

/** x + linear_out(SiLU(gate) ⊙ up), [gate; up] = linear_in(norm2(x)) */
async function addFeedForwardBlock(parts: Parts, layer: number, tensors: LayerTensors, x: string): Promise<string> {
	const {graph, scheme, quantiser} = parts;
	const normed = await addNorm(parts, tensors.norm2, x);
	const linearIn = {name: `layers.${layer}.linear_in`, input: normed, weights: tensors.linearIn};
	const both = await addLinear(graph, scheme, linearIn, quantiser);
	const [gate, up] = graph.nodes('Split', [both], 2, {attributes: {axis: -1, num_outputs: 2}});
	// With alpha 1, QuickGelu is SiLU, in one operator.
	const activated = graph.node('QuickGelu', [gate!], {domain: 'com.microsoft', attributes: {alpha: {float: 1}}});
	const gated = graph.node('Mul', [activated, up!]);
	const linearOut = {name: `layers.${layer}.linear_out`, input: gated, weights: tensors.linearOut};
	return graph.node('Add', [x, await addLinear(graph, scheme, linearOut, quantiser)]);
}

/** RMSNorm over the last axis, in f32. */
async function addNorm(
	{graph, checkpoint, config}: Omit<Parts, 'scheme' | 'quantiser'>,
	name: string,
	x: string,
): Promise<string> {
	const alpha = graph.floats(await checkpoint.readFloats(name), [config.dim]);
	return graph.node('SimplifiedLayerNormalization', [x, alpha], {
		attributes: {axis: -1, epsilon: {float: config.norm_eps}},
	});
}

/** Stays fp32 in every scheme: it is tiny, and its probabilities are compared with thresholds. */
async function addVad(graph: GraphBuilder, weights: Matrix, config: LmConfig, input: string): Promise<void> {
	const {extra_heads_num_heads: heads, extra_heads_dim: classes} = config;
	const scores = await addLinear(graph, 'fp32', {name: 'extra_heads', input, weights});
	const shaped = graph.node('Reshape', [scores, graph.int64s([1, -1, heads, classes])]);
	graph.output(graph.node('Softmax', [shaped], {attributes: {axis: -1}, outputs: ['vad']}), 'float', [
		1,
		'T',
		heads,
		classes,
	]);
}
