import {addLinear, type Scheme} from './linear.js';
import {type Matrix, withScaledRows} from './matrix.js';
import type {GraphBuilder} from './onnx/graph-builder.js';
import type {Quantiser} from './quantiser.js';
import type {Rotate} from './rotation.js';
import type {Attention, AttentionShape} from './split-attention.js';

/** One layer's self-attention: `input` [1, T, dim] is normalised; `inProj` is packed q·k·v, head after head. */
export type SelfAttention = {layer: number; shape: AttentionShape; input: string; inProj: Matrix; outProj: Matrix};

/** What the layers of one graph share. */
export type SharedByLayers = {rotate: Rotate; attend: ReturnType<Attention>; quantiser?: Quantiser};

/** Adds out_proj(attention(in_proj(x))) and returns it, [1, T, dim] (specs: kyutai-stt §4.4). */
export async function addSelfAttention(
	graph: GraphBuilder,
	scheme: Scheme,
	{layer, shape, input, inProj, outProj}: SelfAttention,
	{rotate, attend, quantiser}: SharedByLayers,
): Promise<string> {
	const {dim, num_heads: heads} = shape;
	// Scaled queries give scaled scores: one multiplication less a step, and MatMul keeps its fast path.
	const scaled = withScaledRows(inProj, dim, 1 / Math.sqrt(dim / heads));
	const packed = await addLinear(graph, scheme, {name: `layers.${layer}.in_proj`, input, weights: scaled}, quantiser);
	const [query, key, value] = graph.nodes('Split', [packed], 3, {attributes: {axis: -1, num_outputs: 3}});
	const splitHeads = (flat: string) => {
		const shaped = graph.node('Reshape', [flat, graph.int64s([1, -1, heads, dim / heads])]);
		return graph.node('Transpose', [shaped], {attributes: {perm: [0, 2, 1, 3]}});
	};
	const context = attend({
		layer,
		query: splitHeads(rotate(query!)),
		key: splitHeads(rotate(key!)),
		value: splitHeads(value!),
	});
	const joined = graph.node('Transpose', [context], {attributes: {perm: [0, 2, 1, 3]}});
	const flat = graph.node('Reshape', [joined, graph.int64s([1, -1, dim])]);
	return addLinear(graph, scheme, {name: `layers.${layer}.out_proj`, input: flat, weights: outProj}, quantiser);
}
