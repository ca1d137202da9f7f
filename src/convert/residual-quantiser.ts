import type {MimiConfig} from './checkpoint-config.js';
import {addLinear} from './linear.js';
import type {CodebookTensors, MimiTensors, QuantiserTensors} from './mimi-tensors.js';
import {bytesOf, type GraphBuilder} from './onnx/graph-builder.js';
import type {Safetensors} from './safetensors.js';

type Parts = {graph: GraphBuilder; checkpoint: Safetensors; config: MimiConfig};

/** Centroids that training hardly used are divided by this instead (moshi `moshi/moshi/quantization/core_vq.py`). */
const leastUsage = 1e-5;

/**
 * Adds the split residual quantiser over `latents` [1, F, dimension] and its result as `codes` int64 [1, F, codebooks]
 * (moshi `rust/moshi-core/src/quantization.rs`; specs: kyutai-stt §4.9). The acoustic codebooks start from the latents again, not from what the semantic one leaves.
 */
export async function addSplitQuantiser(
	parts: Parts,
	{semantic, acoustic}: Pick<MimiTensors, 'semantic' | 'acoustic'>,
	latents: string,
): Promise<void> {
	const codes = [
		...(await addResidualQuantiser(parts, 'semantic', semantic, latents)),
		...(await addResidualQuantiser(parts, 'acoustic', acoustic, latents)),
	];
	parts.graph.node('Concat', codes, {attributes: {axis: -1}, outputs: ['codes']});
}

/** Codes of each codebook, [1, F, 1]: the nearest centroid of what the codebooks before left over. */
async function addResidualQuantiser(
	parts: Parts,
	name: string,
	{inputProj, codebooks}: QuantiserTensors,
	latents: string,
): Promise<string[]> {
	if (codebooks.length === 0) return [];
	const {graph} = parts;
	const codes: string[] = [];
	let residual = await addLinear(graph, 'fp32', {name: `${name}.input_proj`, input: latents, weights: inputProj});
	for (const [i, tensors] of codebooks.entries()) {
		const {centroids, halfNorms} = await addCodebook(parts, `${name}.${i}`, tensors);
		// ‖r − e‖² is least where r·e − ½‖e‖² is largest. The centroids are there once, as rows for the `Gather`: a transposed copy would be 67 MB more.
		const products = graph.node('FusedMatMul', [residual, centroids], {
			domain: 'com.microsoft',
			attributes: {transB: 1},
		});
		const scores = graph.node('Sub', [products, halfNorms]);
		const code = graph.node('ArgMax', [scores], {attributes: {axis: -1, keepdims: 0}});
		codes.push(graph.node('Unsqueeze', [code, graph.int64s([-1])]));
		const isLast = i === codebooks.length - 1;
		if (!isLast) residual = graph.node('Sub', [residual, graph.node('Gather', [centroids, code])]);
	}
	return codes;
}

/** Centroids e [bins, dim] and ½‖e‖² [bins], summed in double. */
async function addCodebook(
	{graph, checkpoint, config}: Parts,
	name: string,
	tensors: CodebookTensors,
): Promise<{centroids: string; halfNorms: string}> {
	const {dimension: dim, bins} = config.quantizer;
	const centroids = await checkpoint.readFloats(tensors.sums);
	const usage = await checkpoint.readFloats(tensors.usage);
	const halfNorms = new Float32Array(bins);
	for (let bin = 0; bin < bins; bin++) {
		const row = centroids.subarray(bin * dim, (bin + 1) * dim);
		const divisor = Math.max(usage[bin]!, leastUsage);
		for (let i = 0; i < dim; i++) row[i]! /= divisor;
		halfNorms[bin] = row.reduce((sum, value) => sum + value * value, 0) / 2;
	}
	return {
		centroids: await graph.tensor(`${name}.centroids`, 'float', [bins, dim], [bytesOf(centroids)]),
		halfNorms: await graph.tensor(`${name}.half_norms`, 'float', [bins], [bytesOf(halfNorms)]),
	};
}
