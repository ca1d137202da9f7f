import path from 'node:path';
import type {ModelManifest} from '../model-package.js';
import {floats, floatTensor, type Graph, int64Tensor, openGraph, type Tensor} from '../onnx.js';
import {KvRing} from './kv-ring.js';

/** What the frontend says of one frame: `features` [dim], or one code per codebook. */
export type FrameInput = {features?: Float32Array; codes?: ArrayLike<number>};

/** One row of a call: the token that stands before it and the frame that it hears; no frame at position 0. */
export type LmRow = {token: number; frame: FrameInput | undefined};

/** What a call computed, row by row. The rows' keys and values are not in the ring until `commit` puts them there. */
export type LmResult = {
	/** [T, vocabulary], row-major. */
	logits: Float32Array;
	/** [T, heads, classes] after softmax, row-major, or empty where the model has no VAD heads. */
	vad: Float32Array;
	/** Per layer the new keys and values, each [heads, T, headDim]. */
	newKeys: Float32Array[];
	newValues: Float32Array[];
};

/** Token whose logit is largest in row `row` of `logits`; the lowest id wins a tie, as in the reference. */
export function argmax(logits: Float32Array, row: number, vocabulary: number): number {
	const start = row * vocabulary;
	let best = start;
	for (let i = start + 1; i < start + vocabulary; i++) if (logits[i]! > logits[best]!) best = i;
	return best - start;
}

/** A key past this distance has weight exp(-1e30) = 0, and the sum with a score stays finite in fp32. */
const hidden = -1e30;

/**
 * The decoder of Kyutai STT (`specs`: kyutai-labs/moshi, `rust/moshi-core/src/lm.rs`), one call for T positions: weights, loaded once and shared by every stream.
 * Attention is split: the past comes in as a ring that stays here, only the new rows come out.
 */
export class LanguageModel {
	readonly #inputs = new Map<number, CallInputs>();

	private constructor(
		readonly shape: ModelManifest['lm'],
		readonly tokens: ModelManifest['tokens'],
		readonly graph: Graph,
	) {}

	/** Opens `lm.onnx` of the package at `modelDir`. Throws `EngineError`. */
	static async load(
		modelDir: string,
		manifest: Pick<ModelManifest, 'lm' | 'tokens'>,
		threads: number,
	): Promise<LanguageModel> {
		const {lm} = manifest;
		const past = lm.context - 1;
		const inputs: Record<string, readonly (number | undefined)[]> = {
			idx: [1, undefined, 1 + lm.codebooks],
			cos: [undefined, lm.headDim / 2],
			sin: [undefined, lm.headDim / 2],
			rope_idx: [1, undefined],
			past_mask: [undefined, past],
			new_mask: [undefined, undefined],
		};
		if (lm.takesFeatures) inputs.features = [1, undefined, lm.dim];
		const outputs = ['logits', ...(lm.vad.heads > 0 ? ['vad'] : [])];
		for (let layer = 0; layer < lm.layers; layer++) {
			inputs[`past_k${layer}`] = [1, lm.heads, lm.headDim, past];
			inputs[`past_v${layer}`] = [1, lm.heads, past, lm.headDim];
			outputs.push(`new_k${layer}`, `new_v${layer}`);
		}
		const graph = await openGraph(path.join(modelDir, 'lm.onnx'), {inputs, outputs}, {threads});
		return new LanguageModel(lm, manifest.tokens, graph);
	}

	/** An empty past for one stream. */
	createRing(): KvRing {
		return new KvRing(this.shape);
	}

	/**
	 * Runs `rows` (T ≥ 1) at positions `position` … `position` + T − 1 after the past in `ring`, which is only read.
	 * The result is valid until the caller drops it; nothing in it is reused.
	 */
	async run(rows: readonly LmRow[], position: number, ring: KvRing): Promise<LmResult> {
		const inputs = this.#inputsFor(rows.length);
		for (const [t, row] of rows.entries()) {
			this.#writeIndices(inputs.idx, t, row);
			this.#writeRotation(inputs, t, position + t);
			this.#writeMasks(inputs, t, position + t, rows.length, ring);
			if (row.frame?.features) inputs.features.set(row.frame.features, t * this.shape.dim);
			else inputs.features.fill(0, t * this.shape.dim, (t + 1) * this.shape.dim);
		}
		const outputs = await this.graph.run({...inputs.tensors, ...ring.tensors});
		const layers = Array.from({length: this.shape.layers}, (_, layer) => layer);
		return {
			logits: floats(outputs.logits!),
			vad: outputs.vad ? floats(outputs.vad) : new Float32Array(0),
			newKeys: layers.map(layer => floats(outputs[`new_k${layer}`]!)),
			newValues: layers.map(layer => floats(outputs[`new_v${layer}`]!)),
		};
	}

	#inputsFor(T: number): CallInputs {
		let inputs = this.#inputs.get(T);
		if (!inputs) {
			inputs = createInputs(this.shape, T);
			this.#inputs.set(T, inputs);
		}
		return inputs;
	}

	/** Rows of the one embedding table: text, then each codebook's `codebookRows`, whose last one is the start id. */
	#writeIndices(idx: BigInt64Array, t: number, {token, frame}: LmRow): void {
		const {codebooks, codebookRows} = this.shape;
		const at = t * (1 + codebooks);
		idx[at] = BigInt(token);
		for (let q = 0; q < codebooks; q++) {
			const code = frame?.codes?.[q] ?? codebookRows - 1;
			idx[at + 1 + q] = BigInt(this.tokens.start + 1 + q * codebookRows + code);
		}
	}

	/** Angles in double: the official fp32 product is 0.016 rad off after four hours. */
	#writeRotation({cos, sin}: CallInputs, t: number, position: number): void {
		const half = this.shape.headDim / 2;
		for (let j = 0; j < half; j++) {
			const angle = position * this.shape.maxPeriod ** (-j / half);
			cos[t * half + j] = Math.cos(angle);
			sin[t * half + j] = Math.sin(angle);
		}
	}

	#writeMasks({pastMask, newMask}: CallInputs, t: number, position: number, T: number, ring: KvRing): void {
		const {context} = this.shape;
		const past = context - 1;
		for (let slot = 0; slot < past; slot++) {
			const key = ring.slotPositions[slot]!;
			pastMask[t * past + slot] = key >= 0 && position - key < context ? 0 : hidden;
		}
		for (let u = 0; u < T; u++) newMask[t * T + u] = u <= t && t - u < context ? 0 : hidden;
	}
}

type CallInputs = {
	idx: BigInt64Array;
	features: Float32Array;
	cos: Float32Array;
	sin: Float32Array;
	pastMask: Float32Array;
	newMask: Float32Array;
	tensors: Record<string, Tensor>;
};

/** Arrays and tensors for calls of T rows, made once: a tensor reads its array anew in every run. */
function createInputs(shape: ModelManifest['lm'], T: number): CallInputs {
	const past = shape.context - 1;
	const half = shape.headDim / 2;
	const idx = new BigInt64Array(T * (1 + shape.codebooks));
	const features = new Float32Array(T * shape.dim);
	const cos = new Float32Array(T * half);
	const sin = new Float32Array(T * half);
	const pastMask = new Float32Array(T * past);
	const newMask = new Float32Array(T * T);
	const tensors: Record<string, Tensor> = {
		idx: int64Tensor(idx, [1, T, 1 + shape.codebooks]),
		cos: floatTensor(cos, [T, half]),
		sin: floatTensor(sin, [T, half]),
		rope_idx: int64Tensor(
			BigInt64Array.from({length: T}, (_, t) => BigInt(t)),
			[1, T],
		),
		past_mask: floatTensor(pastMask, [T, past]),
		new_mask: floatTensor(newMask, [T, T]),
	};
	if (shape.takesFeatures) tensors.features = floatTensor(features, [1, T, shape.dim]);
	return {idx, features, cos, sin, pastMask, newMask, tensors};
}
