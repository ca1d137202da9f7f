import {type Matrix, matrixOf} from './matrix.js';
import type {Safetensors} from './safetensors.js';
import {checkFloats} from './tensor-checks.js';

/**
 * The weight of the convolution called `prefix`, [out, in, kernel], as rows of [in · kernel]: `<prefix>.weight`, or where that was trained with weight
 * normalisation and not folded since, w = v · g / ‖v‖ per output channel from `weight_g` and `weight_v` (moshi `rust/moshi-core/src/conv.rs`).
 * Throws `ConvertError` naming the first tensor that is missing or wrong.
 */
export function foldedWeight(checkpoint: Safetensors, prefix: string, shape: [number, number, number]): Matrix {
	const [gains, directions] = [`${prefix}.weight_g`, `${prefix}.weight_v`];
	if (!checkpoint.tensors.has(gains) && !checkpoint.tensors.has(directions)) {
		checkFloats(checkpoint, `${prefix}.weight`, shape);
		return matrixOf(checkpoint, `${prefix}.weight`);
	}

	checkFloats(checkpoint, gains, [shape[0], 1, 1]);
	checkFloats(checkpoint, directions, shape);
	const matrix = matrixOf(checkpoint, directions);
	return {
		...matrix,
		async read(range) {
			const floats = await matrix.read(range);
			const lengths = await checkpoint.readFloats(gains, range);
			for (const [row, length] of lengths.entries()) {
				const direction = floats.subarray(row * matrix.columns, (row + 1) * matrix.columns);
				const factor = length / Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
				for (let i = 0; i < direction.length; i++) direction[i]! *= factor;
			}
			return floats;
		},
	};
}
