import type {TensorData} from './encode-safetensors.js';

/**
 * `tensors` of a Mimi as training has them, weight normalisation not folded: each `encoder.*.weight` [out, in, kernel] as `weight_v`, some multiple of it row by row,
 * and `weight_g`, the rows' lengths.
 */
export function unfoldWeights(tensors: Record<string, TensorData>): Record<string, TensorData> {
	const unfolded: Record<string, TensorData> = {};
	for (const [name, tensor] of Object.entries(tensors)) {
		if (!/^encoder\..*conv\.weight$/.test(name)) {
			unfolded[name] = tensor;
			continue;
		}
		const floats = new Float32Array(tensor.bytes.slice().buffer);
		const rows = tensor.shape[0]!;
		const columns = floats.length / rows;
		const lengths = new Float32Array(rows);
		for (let row = 0; row < rows; row++) {
			const part = floats.subarray(row * columns, (row + 1) * columns);
			lengths[row] = Math.hypot(...part);
			for (let i = 0; i < columns; i++) part[i]! *= 0.5 + (row % 3);
		}
		unfolded[`${name}_g`] = {dtype: 'F32', shape: [rows, 1, 1], bytes: new Uint8Array(lengths.buffer)};
		unfolded[`${name}_v`] = {...tensor, bytes: new Uint8Array(floats.buffer)};
	}
	return unfolded;
}
