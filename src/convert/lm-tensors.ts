import {type AttentionTensors, findAttention} from './attention-tensors.js';
import type {LmConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {type Matrix, matrixOf, stackMatrices} from './matrix.js';
import type {Safetensors} from './safetensors.js';
import {checkFloats} from './tensor-checks.js';

/** One layer's weights (specs: kyutai-stt §3.1), checked, not yet read. `linearIn` is gate·up. */
export type LayerTensors = AttentionTensors & {
	norm1: string;
	norm2: string;
	linearIn: Matrix;
	linearOut: Matrix;
};

/** The decoder's weights, checked, not yet read. */
export type LmTensors = {
	/** text_emb ‖ emb.0 ‖ …: one table, so that one gather with one row of indices sums the whole input. */
	embeddings: Matrix;
	layers: LayerTensors[];
	outNorm: string;
	textLinear: Matrix;
	/** The VAD heads, one below the other, where there are any. */
	extraHeads: Matrix | undefined;
};

/**
 * Finds the decoder's tensors in `checkpoint` by Kyutai's names, old and new, and checks each against `config`.
 * Others (`depformer*`, `linears.*`, `condition_provider.*`, a frontend's) are left alone. Throws `ConvertError` naming the first one that is missing or wrong.
 */
export function findLmTensors(checkpoint: Safetensors, config: LmConfig): LmTensors {
	const {dim, text_card: textCard, n_q: codebooks, extra_heads_num_heads: heads} = config;
	const matrix = (name: string, rows: number, columns: number): Matrix => {
		checkFloats(checkpoint, name, [rows, columns]);
		return matrixOf(checkpoint, name);
	};
	const norm = (name: string): string => {
		checkFloats(checkpoint, name, [1, 1, dim]);
		return name;
	};

	const tables = [matrix('text_emb.weight', textCard + 1, dim)];
	for (let q = 0; q < codebooks; q++) tables.push(matrix(`emb.${q}.weight`, codebookRows(config), dim));
	const hidden = config.ffn_hidden ?? Math.floor((checkpoint.get(ffnName(0, 'in')).shape[0] ?? 0) / 2);
	const layers = Array.from({length: config.num_layers}, (_, i): LayerTensors => {
		const layer = `transformer.layers.${i}`;
		return {
			norm1: norm(`${layer}.norm1.alpha`),
			...findAttention(checkpoint, layer, dim),
			norm2: norm(`${layer}.norm2.alpha`),
			linearIn: matrix(ffnName(i, 'in'), 2 * hidden, dim),
			linearOut: matrix(ffnName(i, 'out'), dim, hidden),
		};
	});
	return {
		embeddings: stackMatrices(tables),
		layers,
		outNorm: norm('out_norm.alpha'),
		textLinear: matrix('text_linear.weight', textCard, dim),
		extraHeads:
			heads === 0
				? undefined
				: stackMatrices(
						Array.from({length: heads}, (_, head) => matrix(`extra_heads.${head}.weight`, config.extra_heads_dim, dim)),
					),
	};
}

/** Rows of one codebook's input table, the start id included; 0 where there are no codebooks. Throws `ConvertError` where the config does not say. */
export function codebookRows({n_q: codebooks, card}: LmConfig): number {
	if (codebooks === 0) return 0;
	if (card === undefined) throw new ConvertError('bad-config', 'The configuration has codebooks but no card.');
	return card + 1;
}

const ffnName = (layer: number, side: 'in' | 'out') => `transformer.layers.${layer}.gating.linear_${side}.weight`;
