import type {GraphBuilder} from './onnx/graph-builder.js';

/** One layer's heads after rotation, each [1, H, T, d]; queries carry the 1/√d already. */
export type Heads = {layer: number; query: string; key: string; value: string};

/**
 * What attention needs to know of a transformer. `context`: the positions that a window spans. `block`: so many positions, counted from 0, see the same window,
 * as they do where the official code takes them in one call (specs: kyutai-stt §4.7); by default each position has its own.
 */
export type AttentionShape = {dim: number; num_heads: number; context: number; block?: number};

/**
 * A way to attend to the past. It declares its own inputs (caches, masks) and outputs (what the caches need) when called with a graph,
 * and the function it returns adds one layer: heads in, context [1, H, T, d] out.
 */
export type Attention = (graph: GraphBuilder, shape: AttentionShape) => (heads: Heads) => string;

/**
 * Split attention (design §5; specs: kyutai-stt §7.2): past keys and values are inputs, used where they lie, and only the new rows are outputs.
 *
 * A call's positions attend one by one, as matrices of one row: those take MatMul's path for vectors, which reads the past where it lies, while the path for matrices
 * copies it into panels first; a head's part of the past stays in the cache from one position to the next. And a position's result does not depend on T.
 *
 * Inputs: `past_mask` [T, R] and `new_mask` [T, T], added to the scores; per layer `past_k{l}` [1, H, d, R] (transposed: a plain MatMul takes
 * the fast path) and `past_v{l}` [1, H, R, d], with R = context − block. Outputs: `new_k{l}`, `new_v{l}` [1, H, T, d].
 */
export const splitAttention: Attention = (graph, {dim, num_heads: heads, context, block = 1}) => {
	const headDim = dim / heads;
	const past = context - block;
	const unsqueezed = (value: string, at: number) => graph.node('Unsqueeze', [value, graph.int64s([at])]);
	const pastMask = unsqueezed(graph.input('past_mask', 'float', ['T', past]), 1);
	const newMask = unsqueezed(graph.input('new_mask', 'float', ['T', 'T']), 1);
	const axis = graph.int64s([-1]);
	const start = graph.int64s([0]);
	const boundary = graph.int64s([past]);
	const end = graph.int64s([2 ** 31]);

	return ({layer, query, key, value}) => {
		const pastKeys = graph.input(`past_k${layer}`, 'float', [1, heads, headDim, past]);
		const pastValues = graph.input(`past_v${layer}`, 'float', [1, heads, past, headDim]);
		const newKeys = graph.node('Identity', [key], {outputs: [`new_k${layer}`]});
		const newValues = graph.node('Identity', [value], {outputs: [`new_v${layer}`]});
		graph.output(newKeys, 'float', [1, heads, 'T', headDim]);
		graph.output(newValues, 'float', [1, heads, 'T', headDim]);

		// Each position's query is a matrix of one row, [1, H, T, 1, d], and a head's past is shared by them.
		const rows = unsqueezed(query, 3);
		const byHead = (value: string) => unsqueezed(value, 2);
		const pastScores = graph.node('Add', [graph.node('MatMul', [rows, byHead(pastKeys)]), pastMask]);
		const keysTransposed = graph.node('Transpose', [key], {attributes: {perm: [0, 1, 3, 2]}});
		const newScores = graph.node('Add', [graph.node('MatMul', [rows, byHead(keysTransposed)]), newMask]);
		const scores = graph.node('Concat', [pastScores, newScores], {attributes: {axis: -1}});
		const weights = graph.node('Softmax', [scores], {attributes: {axis: -1}});

		const pastWeights = graph.node('Slice', [weights, start, boundary, axis]);
		const newWeights = graph.node('Slice', [weights, boundary, end, axis]);
		const sum = graph.node('Add', [
			graph.node('MatMul', [pastWeights, byHead(pastValues)]),
			graph.node('MatMul', [newWeights, byHead(value)]),
		]);
		return graph.node('Squeeze', [sum, graph.int64s([3])]);
	};
};
