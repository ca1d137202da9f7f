import {type Matrix, matrixOf} from './matrix.js';
import type {Safetensors} from './safetensors.js';
import {checkFloats, findAlias} from './tensor-checks.js';

/** One layer's attention weights, checked, not yet read: `inProj` [3 · dim, dim] is packed q·k·v, `outProj` [dim, dim]. */
export type AttentionTensors = {inProj: Matrix; outProj: Matrix};

/**
 * Finds the attention weights of the transformer layer called `layer`, by Kyutai's names, old and new (specs: kyutai-stt §3.1; moshi's own loader renames
 * the old ones). Throws `ConvertError` naming the first one that is missing or wrong.
 */
export function findAttention(checkpoint: Safetensors, layer: string, dim: number): AttentionTensors {
	const matrix = (aliases: string[], rows: number): Matrix => {
		const name = findAlias(
			checkpoint,
			aliases.map(alias => `${layer}.self_attn.${alias}`),
		);
		checkFloats(checkpoint, name, [rows, dim]);
		return matrixOf(checkpoint, name);
	};
	return {
		inProj: matrix(['in_proj_weight', 'in_proj.weight', 'in_projs.0.weight'], 3 * dim),
		outProj: matrix(['out_proj.weight', 'out_projs.0.weight'], dim),
	};
}
