import {floats, floatTensor, type Tensor} from '../onnx.js';
import {type AttentionShape, pastSlots} from './attention-inputs.js';

/** Per layer the keys and values that a call of T positions made, each [heads, T, headDim]. */
export type NewRows = {newKeys: Float32Array[]; newValues: Float32Array[]};

/** The outputs `new_k<layer>` and `new_v<layer>` of a graph, by layer. */
export function newRowsOf(outputs: Record<string, Tensor>, layers: number): NewRows {
	const byLayer = (name: string) => Array.from({length: layers}, (_, layer) => floats(outputs[`${name}${layer}`]!));
	return {newKeys: byLayer('new_k'), newValues: byLayer('new_v')};
}

/** Inputs, with their dimensions, and outputs that the ring of a transformer has in its graph. */
export function ringContract(shape: AttentionShape): {inputs: Record<string, readonly number[]>; outputs: string[]} {
	const {layers, heads, headDim} = shape;
	const inputs: Record<string, readonly number[]> = {};
	const outputs: string[] = [];
	for (let layer = 0; layer < layers; layer++) {
		inputs[`past_k${layer}`] = [1, heads, headDim, pastSlots(shape)];
		inputs[`past_v${layer}`] = [1, heads, pastSlots(shape), headDim];
		outputs.push(`new_k${layer}`, `new_v${layer}`);
	}
	return {inputs, outputs};
}

/** Slots of a ring as they were: the position of each, and its keys and values [layers, heads, headDim]. */
export type SavedSlots = {slot: number; position: number; keys: Float32Array; values: Float32Array}[];

/**
 * Keys and values of the last positions of one stream, as many as a call may see. Position p lives in slot p mod the number of slots; positions count up
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

	constructor(private readonly shape: AttentionShape) {
		const {layers, heads, headDim} = shape;
		this.#slots = pastSlots(shape);
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

	/** Copies what the slots of positions `position` … `position` + `count` − 1 hold now, which is what `restore` takes. */
	save(position: number, count: number): SavedSlots {
		const saved: SavedSlots = [];
		const {layers, heads, headDim} = this.shape;
		for (let i = 0; i < Math.min(count, this.#slots); i++) {
			const slot = (position + i) % this.#slots;
			const keys = new Float32Array(layers * heads * headDim);
			const values = new Float32Array(layers * heads * headDim);
			this.#eachRow(slot, (layer, head, keyColumn, valueRow) => {
				const at = (layer * heads + head) * headDim;
				for (let j = 0; j < headDim; j++) keys[at + j] = this.#keys[layer]![keyColumn + j * this.#slots]!;
				values.set(this.#values[layer]!.subarray(valueRow, valueRow + headDim), at);
			});
			saved.push({slot, position: this.slotPositions[slot]!, keys, values});
		}
		return saved;
	}

	/** Puts back what `save` copied, bit by bit. */
	restore(saved: SavedSlots): void {
		const {heads, headDim} = this.shape;
		for (const {slot, position, keys, values} of saved) {
			this.slotPositions[slot] = position;
			this.#eachRow(slot, (layer, head, keyColumn, valueRow) => {
				const at = (layer * heads + head) * headDim;
				for (let j = 0; j < headDim; j++) this.#keys[layer]![keyColumn + j * this.#slots] = keys[at + j]!;
				this.#values[layer]!.set(values.subarray(at, at + headDim), valueRow);
			});
		}
	}

	/** Calls `visit` for each layer and head with where the key of `slot` begins, a column of step `slots`, and its value, a row. */
	#eachRow(slot: number, visit: (layer: number, head: number, keyColumn: number, valueRow: number) => void): void {
		const {layers, heads, headDim} = this.shape;
		for (let layer = 0; layer < layers; layer++) {
			for (let head = 0; head < heads; head++) {
				visit(layer, head, head * headDim * this.#slots + slot, (head * this.#slots + slot) * headDim);
			}
		}
	}

	/**
	 * Takes the first `accepted` of the T rows of `result` in, as positions `position` …, in ascending order: of more rows than slots, the last ones stay.
	 * A rejected row must never come here: it would overwrite a position that is still visible.
	 */
	commit(result: NewRows, T: number, accepted: number, position: number): void {
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
