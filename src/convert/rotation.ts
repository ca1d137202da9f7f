import type {GraphBuilder} from './onnx/graph-builder.js';

/** Rotates a value [1, T, dim] and returns the result. */
export type Rotate = (x: string) => string;

/**
 * RoPE over interleaved pairs of each head (specs: kyutai-stt §4.3). The tables have only the call's rows, so there is no longest stream.
 *
 * Declares the inputs `cos`, `sin` [T, d/2] of each position's angles and `rope_idx` int64 [1, T] = 0 … T − 1.
 */
export function addRotation(graph: GraphBuilder, {dim, num_heads: heads}: {dim: number; num_heads: number}): Rotate {
	const half = dim / heads / 2;
	const cos = graph.input('cos', 'float', ['T', half]);
	const sin = graph.input('sin', 'float', ['T', half]);
	const rows = graph.input('rope_idx', 'int64', [1, 'T']);
	return x =>
		graph.node('RotaryEmbedding', [x, rows, cos, sin], {
			domain: 'com.microsoft',
			attributes: {interleaved: 1, num_heads: heads},
		});
}
