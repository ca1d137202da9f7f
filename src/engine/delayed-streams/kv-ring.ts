import type {ModelManifest} from '../model-package.js';
import {floatTensor, type Tensor} from '../onnx.js';
import type {LmResult} from './language-model.js';

/**
 * Keys and values of the last `context` − 1 positions of one stream. Position p lives in slot p mod (context − 1); positions count up
 * for ever, only the slot wraps. Keys are stored transposed, [heads, headDim, slots], because the plain MatMul that reads them is the fast one; values are [heads, slots, headDim].
 */
export class KvRing {
	/** Position that each slot holds, −1 where it is empty. */
	readonly slotPositions: Int32Array;
	/** Inputs `past_k<layer>` and `past_v<layer>` of the graph, over the ring's own memory. */
	readonly tensors: Record<string, Tensor> = {};
	readonly #keys: Float32Array[] = [];
	readonly #values: Float32Array[] = [];
	readonly #slots: number;

	constructor(private readonly shape: ModelManifest['lm']) {
		const {layers, heads, headDim, context} = shape;
		this.#slots = context - 1;
		this.slotPositions = new Int32Array(this.#slots).fill(-1);
		for (let layer = 0; layer < layers; layer++) {
			const keys = new Float32Array(heads * headDim * this.#slots);
			const values = new Float32Array(heads * headDim * this.#slots);
			this.#keys.push(keys);
			this.#values.push(values);
			this.tensors[`past_k${layer}`] = floatTensor(keys, [1, heads, headDim, this.#slots]);
			this.tensors[`past_v${layer}`] = floatTensor(values, [1, heads, this.#slots, headDim]);
		}
	}

	/** Forgets everything. Masked slots are never read, so their numbers may stay. */
	clear(): void {
		this.slotPositions.fill(-1);
	}

	/**
	 * Takes the first `accepted` of the T rows of `result` in, as positions `position` … A rejected row must never come here:
	 * it would overwrite a position that is still visible.
	 */
	commit(result: LmResult, T: number, accepted: number, position: number): void {
		const {layers, heads, headDim} = this.shape;
		for (let t = 0; t < accepted; t++) {
			const slot = (position + t) % this.#slots;
			this.slotPositions[slot] = position + t;
			for (let layer = 0; layer < layers; layer++) {
				const keys = this.#keys[layer]!;
				const values = this.#values[layer]!;
				const newKeys = result.newKeys[layer]!;
				const newValues = result.newValues[layer]!;
				for (let head = 0; head < heads; head++) {
					const from = (head * T + t) * headDim;
					const keyColumn = head * headDim * this.#slots + slot;
					for (let j = 0; j < headDim; j++) keys[keyColumn + j * this.#slots] = newKeys[from + j]!;
					values.set(newValues.subarray(from, from + headDim), (head * this.#slots + slot) * headDim);
				}
			}
		}
	}
}
