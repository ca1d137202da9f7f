import {floatTensor, int64Tensor, type Tensor} from '../onnx.js';
import type {KvRing} from './kv-ring.js';

/**
 * One transformer with split attention. `context`: the positions that a window spans; `block`: so many positions, counted from 0, see the same window,
 * the one that ends with the last of them (1: each has its own).
 */
export type AttentionShape = {
	layers: number;
	heads: number;
	headDim: number;
	context: number;
	block: number;
	maxPeriod: number;
};

/** Past positions that a call may see, and slots of the ring. */
export const pastSlots = ({context, block}: AttentionShape): number => context - block;

/** Dimensions of the inputs that split attention has in a graph, but for the ring's own. */
export const attentionInputDims = (shape: AttentionShape): Record<string, readonly (number | undefined)[]> => ({
	cos: [undefined, shape.headDim / 2],
	sin: [undefined, shape.headDim / 2],
	rope_idx: [1, undefined],
	past_mask: [undefined, pastSlots(shape)],
	new_mask: [undefined, undefined],
});

/** A key with this added to its score has weight exp(−1e30) = 0, and the sum with a score stays finite in fp32. */
const hidden = -1e30;

/** Rotation and masks for calls of T positions, in arrays and tensors that are made once: a tensor reads its array anew in every run. */
export class AttentionInputs {
	/** Inputs `cos`, `sin`, `rope_idx`, `past_mask` and `new_mask` of the graph. */
	readonly tensors: Record<string, Tensor>;
	readonly #frequencies: Float64Array;
	readonly #cos: Float32Array;
	readonly #sin: Float32Array;
	readonly #pastMask: Float32Array;
	readonly #newMask: Float32Array;

	constructor(
		private readonly shape: AttentionShape,
		private readonly T: number,
	) {
		const half = shape.headDim / 2;
		const past = pastSlots(shape);
		this.#frequencies = Float64Array.from({length: half}, (_, j) => shape.maxPeriod ** (-j / half));
		this.#cos = new Float32Array(T * half);
		this.#sin = new Float32Array(T * half);
		this.#pastMask = new Float32Array(T * past);
		this.#newMask = new Float32Array(T * T);
		const rows = BigInt64Array.from({length: T}, (_, t) => BigInt(t));
		this.tensors = {
			cos: floatTensor(this.#cos, [T, half]),
			sin: floatTensor(this.#sin, [T, half]),
			rope_idx: int64Tensor(rows, [1, T]),
			past_mask: floatTensor(this.#pastMask, [T, past]),
			new_mask: floatTensor(this.#newMask, [T, T]),
		};
	}

	/** Fills the tensors for positions `position` … `position` + T − 1 after the past in `ring`. */
	write(position: number, ring: KvRing): void {
		for (let t = 0; t < this.T; t++) {
			this.#writeRotation(t, position + t);
			this.#writeMasks(t, position, ring);
		}
	}

	/** Angles in double: the official fp32 product is 0.016 rad off after four hours. */
	#writeRotation(t: number, position: number): void {
		const half = this.#frequencies.length;
		for (let j = 0; j < half; j++) {
			const angle = position * this.#frequencies[j]!;
			this.#cos[t * half + j] = Math.cos(angle);
			this.#sin[t * half + j] = Math.sin(angle);
		}
	}

	#writeMasks(t: number, position: number, ring: KvRing): void {
		const {T} = this;
		const past = pastSlots(this.shape);
		const query = position + t;
		// Never below 0, so that the −1 of an empty slot is hidden too.
		const oldest = Math.max(0, query - (query % this.shape.block) - past);
		for (let slot = 0; slot < past; slot++) {
			this.#pastMask[t * past + slot] = ring.slotPositions[slot]! >= oldest ? 0 : hidden;
		}
		for (let u = 0; u < T; u++) this.#newMask[t * T + u] = u <= t && position + u >= oldest ? 0 : hidden;
	}
}
