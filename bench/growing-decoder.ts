import path from 'node:path';
import {argmax, type LmRow} from '../src/engine/delayed-streams/language-model.js';
import type {ModelManifest} from '../src/engine/model-package.js';
import {floats, floatTensor, int64Tensor, openGraph, type Tensor} from '../src/engine/onnx.js';

/** A decoder with growing caches (`growing-attention.ts`), one position a call: the baseline that split attention is measured against. */
export type GrowingDecoder = {
	/** Decodes the next position and returns its logits. */
	step(row: LmRow): Promise<Float32Array>;
	close(): Promise<void>;
};

/** Opens the `lm.onnx` in `folder`. `isFull`: its caches begin with a whole window instead of none. */
export async function openGrowing(
	folder: string,
	{lm, tokens: ids}: Pick<ModelManifest, 'lm' | 'tokens'>,
	{threads, isFull = false}: {threads: number; isFull?: boolean},
): Promise<GrowingDecoder> {
	const caches = Array.from({length: lm.layers}, (_, layer) => [`k${layer}`, `v${layer}`]).flat();
	const half = lm.headDim / 2;
	const inputs: Record<string, readonly (number | undefined)[]> = {
		idx: [1, undefined, 1 + lm.codebooks],
		cos: [undefined, half],
		sin: [undefined, half],
		rope_idx: [1, undefined],
	};
	if (lm.takesFeatures) inputs.features = [1, undefined, lm.dim];
	for (const cache of caches) inputs[`past_${cache}`] = [1, lm.heads, undefined, lm.headDim];
	const outputs = ['logits', ...caches.map(cache => `present_${cache}`)];
	const graph = await openGraph(path.join(folder, 'lm.onnx'), {inputs, outputs}, {threads});

	let position = isFull ? lm.context - 1 : 0;
	let past: Record<string, Tensor> = Object.fromEntries(
		caches.map(cache => {
			// Written, because pages of memory that never were are all the same one, which stays in the cache.
			const numbers = new Float32Array(lm.heads * position * lm.headDim).fill(0.01);
			return [`past_${cache}`, floatTensor(numbers, [1, lm.heads, position, lm.headDim])];
		}),
	);
	return {
		async step({token, frame}) {
			const angles = Array.from({length: half}, (_, j) => position * lm.maxPeriod ** (-j / half));
			const rows = Array.from({length: lm.codebooks}, (_, q) =>
				BigInt(ids.start + 1 + q * lm.codebookRows + (frame?.codes?.[q] ?? lm.codebookRows - 1)),
			);
			const feeds: Record<string, Tensor> = {
				...past,
				idx: int64Tensor(BigInt64Array.of(BigInt(token), ...rows), [1, 1, 1 + lm.codebooks]),
				cos: floatTensor(Float32Array.from(angles, Math.cos), [1, half]),
				sin: floatTensor(Float32Array.from(angles, Math.sin), [1, half]),
				rope_idx: int64Tensor(BigInt64Array.of(0n), [1, 1]),
			};
			if (lm.takesFeatures) feeds.features = floatTensor(frame?.features ?? new Float32Array(lm.dim), [1, 1, lm.dim]);
			const result = await graph.run(feeds);
			past = Object.fromEntries(caches.map(cache => [`past_${cache}`, result[`present_${cache}`]!]));
			position++;
			return floats(result.logits!);
		},
		close: () => graph.close(),
	};
}

/** Greedy decoding of frames with these `features`, one position a call. Returns the tokens of positions 0 … frames. */
export async function decodeGrowing(
	folder: string,
	manifest: Pick<ModelManifest, 'lm' | 'tokens'>,
	features: readonly Float32Array[],
): Promise<number[]> {
	const decoder = await openGrowing(folder, manifest, {threads: 1});
	const decoded: number[] = [];
	let token = manifest.tokens.start;
	for (let position = 0; position <= features.length; position++) {
		const logits = await decoder.step({token, frame: position === 0 ? undefined : {features: features[position - 1]}});
		token = argmax(logits, 0, manifest.lm.vocabulary);
		decoded.push(token);
	}
	await decoder.close();
	return decoded;
}
