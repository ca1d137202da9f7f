import path from 'node:path';
import {argmax} from '../src/engine/delayed-streams/language-model.js';
import type {ModelManifest} from '../src/engine/model-package.js';
import {floats, floatTensor, int64Tensor, openGraph, type Tensor} from '../src/engine/onnx.js';

/**
 * Greedy decoding with growing caches, one position a call: the baseline that split attention is measured against. `features` are the frames' rows.
 * Returns the tokens of positions 0 … frames.
 */
export async function decodeGrowing(
	folder: string,
	{lm, tokens: ids}: Pick<ModelManifest, 'lm' | 'tokens'>,
	features: readonly Float32Array[],
): Promise<number[]> {
	const caches = Array.from({length: lm.layers}, (_, layer) => [`k${layer}`, `v${layer}`]).flat();
	const half = lm.headDim / 2;
	const inputs: Record<string, readonly (number | undefined)[]> = {
		idx: [1, undefined, 1],
		features: [1, undefined, lm.dim],
		cos: [undefined, half],
		sin: [undefined, half],
		rope_idx: [1, undefined],
	};
	for (const cache of caches) inputs[`past_${cache}`] = [1, lm.heads, undefined, lm.headDim];
	const outputs = ['logits', ...caches.map(cache => `present_${cache}`)];
	const graph = await openGraph(path.join(folder, 'lm.onnx'), {inputs, outputs}, {threads: 1});

	let past: Record<string, Tensor> = Object.fromEntries(
		caches.map(cache => [`past_${cache}`, floatTensor(new Float32Array(0), [1, lm.heads, 0, lm.headDim])]),
	);
	const decoded: number[] = [];
	let token = ids.start;
	for (let position = 0; position <= features.length; position++) {
		const angles = Array.from({length: half}, (_, j) => position * lm.maxPeriod ** (-j / half));
		const result = await graph.run({
			...past,
			idx: int64Tensor(BigInt64Array.of(BigInt(token)), [1, 1, 1]),
			features: floatTensor(position === 0 ? new Float32Array(lm.dim) : features[position - 1]!, [1, 1, lm.dim]),
			cos: floatTensor(Float32Array.from(angles, Math.cos), [1, half]),
			sin: floatTensor(Float32Array.from(angles, Math.sin), [1, half]),
			rope_idx: int64Tensor(BigInt64Array.of(0n), [1, 1]),
		});
		token = argmax(floats(result.logits!), 0, lm.vocabulary);
		decoded.push(token);
		past = Object.fromEntries(caches.map(cache => [`past_${cache}`, result[`present_${cache}`]!]));
	}
	await graph.close();
	return decoded;
}
