import path from 'node:path';
import type {ModelManifest} from '../model-package.js';
import {floats, floatTensor, type Graph, int64Tensor, openGraph, type Tensor} from '../onnx.js';
import {AttentionInputs, type AttentionShape, attentionInputDims} from './attention-inputs.js';
import {KvRing, type NewRows, newRowsOf, ringContract} from './kv-ring.js';

/** What the frontend says of one frame: `features` [dim], or one code per codebook. */
export type FrameInput = {features?: Float32Array; codes?: ArrayLike<number>};

/** One row of a call: the token that stands before it and the frame that it hears; no frame at position 0. */
export type LmRow = {token: number; frame: FrameInput | undefined};

/** What a call computed, row by row. The rows' keys and values are not in the ring until `commit` puts them there. */
export type LmResult = NewRows & {
	/** [T, vocabulary], row-major. */
	logits: Float32Array;
	/** [T, heads, classes] after softmax, row-major, or empty where the model has no VAD heads. */
	vad: Float32Array;
};

/** Token whose logit is largest in row `row` of `logits`; the lowest id wins a tie, as in the reference. */
export function argmax(logits: Float32Array, row: number, vocabulary: number): number {
	const start = row * vocabulary;
	let best = start;
	for (let i = start + 1; i < start + vocabulary; i++) if (logits[i]! > logits[best]!) best = i;
	return best - start;
}

/**
 * The decoder of Kyutai STT (`specs`: kyutai-labs/moshi, `rust/moshi-core/src/lm.rs`), one call for T positions: weights, loaded once and shared by every stream.
 * Attention is split: the past comes in as a ring that stays here, only the new rows come out.
 */
export class LanguageModel {
	readonly #attention: AttentionShape;
	readonly #inputs = new Map<number, CallInputs>();

	private constructor(
		readonly shape: ModelManifest['lm'],
		readonly tokens: ModelManifest['tokens'],
		readonly graph: Graph,
	) {
		this.#attention = attentionShape(shape);
	}

	/** Opens `lm.onnx` in `folder`, the package's own or its prepared copy's. Throws `EngineError`. */
	static async load(
		folder: string,
		manifest: Pick<ModelManifest, 'lm' | 'tokens'>,
		threads: number,
		isPrepared = false,
	): Promise<LanguageModel> {
		const {lm} = manifest;
		const attention = attentionShape(lm);
		const ring = ringContract(attention);
		const inputs: Record<string, readonly (number | undefined)[]> = {
			idx: [1, undefined, 1 + lm.codebooks],
			...attentionInputDims(attention),
			...ring.inputs,
		};
		if (lm.takesFeatures) inputs.features = [1, undefined, lm.dim];
		const outputs = ['logits', ...(lm.vad.heads > 0 ? ['vad'] : []), ...ring.outputs];
		const graph = await openGraph(path.join(folder, 'lm.onnx'), {inputs, outputs}, {threads, isPrepared});
		return new LanguageModel(lm, manifest.tokens, graph);
	}

	/** An empty past for one stream. */
	createRing(): KvRing {
		return new KvRing(this.#attention);
	}

	/**
	 * Runs `rows` (T ≥ 1) at positions `position` … `position` + T − 1 after the past in `ring`, which is only read.
	 * The result is valid until the caller drops it; nothing in it is reused.
	 */
	async run(rows: readonly LmRow[], position: number, ring: KvRing): Promise<LmResult> {
		const inputs = this.#inputsFor(rows.length);
		for (const [t, row] of rows.entries()) {
			this.#writeIndices(inputs.idx, t, row);
			if (row.frame?.features) inputs.features.set(row.frame.features, t * this.shape.dim);
			else inputs.features.fill(0, t * this.shape.dim, (t + 1) * this.shape.dim);
		}
		inputs.attention.write(position, ring);
		const outputs = await this.graph.run({...inputs.tensors, ...ring.tensors});
		return {
			logits: floats(outputs.logits!),
			vad: outputs.vad ? floats(outputs.vad) : new Float32Array(0),
			...newRowsOf(outputs, this.shape.layers),
		};
	}

	#inputsFor(T: number): CallInputs {
		let inputs = this.#inputs.get(T);
		if (!inputs) {
			inputs = createInputs(this.shape, new AttentionInputs(this.#attention, T), T);
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
}

/** Each position has a window of its own. */
const attentionShape = ({layers, heads, headDim, context, maxPeriod}: ModelManifest['lm']): AttentionShape => ({
	layers,
	heads,
	headDim,
	context,
	block: 1,
	maxPeriod,
});

type CallInputs = {
	idx: BigInt64Array;
	features: Float32Array;
	attention: AttentionInputs;
	tensors: Record<string, Tensor>;
};

/** Arrays and tensors for calls of T rows, made once: a tensor reads its array anew in every run. */
function createInputs(shape: ModelManifest['lm'], attention: AttentionInputs, T: number): CallInputs {
	const idx = new BigInt64Array(T * (1 + shape.codebooks));
	const features = new Float32Array(T * shape.dim);
	const tensors: Record<string, Tensor> = {
		...attention.tensors,
		idx: int64Tensor(idx, [1, T, 1 + shape.codebooks]),
	};
	if (shape.takesFeatures) tensors.features = floatTensor(features, [1, T, shape.dim]);
	return {idx, features, attention, tensors};
}
