import type {Attention} from '../src/convert/split-attention.js';

/**
 * The usual attention of exported decoders, as the baseline: the caches go in as `past_k{l}`, `past_v{l}` [1, H, P, d], and come out one position
 * longer as `present_k{l}`, `present_v{l}`, at most context − 1 of them. One position a call, so no mask.
 */
export const growingAttention: Attention = (graph, {dim, num_heads: heads, context}) => {
	const headDim = dim / heads;
	const axis = graph.int64s([2]);
	const newest = graph.int64s([1 - context]);
	const end = graph.int64s([2 ** 31]);

	return ({layer, query, key, value}) => {
		const grow = (name: string, row: string) => {
			const past = graph.input(`past_${name}${layer}`, 'float', [1, heads, 'P', headDim]);
			const all = graph.node('Concat', [past, row], {attributes: {axis: 2}});
			const present = graph.node('Slice', [all, newest, end, axis], {outputs: [`present_${name}${layer}`]});
			graph.output(present, 'float', [1, heads, 'Q', headDim]);
			return all;
		};
		const keys = graph.node('Transpose', [grow('k', key)], {attributes: {perm: [0, 1, 3, 2]}});
		const weights = graph.node('Softmax', [graph.node('MatMul', [query, keys])], {attributes: {axis: -1}});
		return graph.node('MatMul', [weights, grow('v', value)]);
	};
};
