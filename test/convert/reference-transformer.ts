import type {TensorData} from './encode-safetensors.js';

// The models' formulas in double, one position at a time and in the plainest way, from the checkpoint's tensors (specs: kyutai-stt §4). Nothing is shared with src.

export type Tensors = Record<string, TensorData>;

const floatsOf = (tensors: Tensors, name: string) => new Float32Array(tensors[name]!.bytes.slice().buffer);

/** y = W · x for W [out, in] row-major. */
function linear(weights: Float32Array, x: Float64Array): Float64Array {
	const y = new Float64Array(weights.length / x.length);
	for (let row = 0; row < y.length; row++) {
		let sum = 0;
		for (let i = 0; i < x.length; i++) sum += weights[row * x.length + i]! * x[i]!;
		y[row] = sum;
	}
	return y;
}

const add = (a: Float64Array, b: ArrayLike<number>) => a.map((value, i) => value + b[i]!);

type AttentionOptions = {
	heads: number;
	maxPeriod: number;
	/** The oldest key that position `query` sees. */
	oldest: (query: number) => number;
};

class ReferenceAttention {
	readonly #inProj: Float32Array;
	readonly #outProj: Float32Array;
	readonly #keys: Float64Array[] = [];
	readonly #values: Float64Array[] = [];

	constructor(
		tensors: Tensors,
		layer: string,
		private readonly options: AttentionOptions,
	) {
		this.#inProj = floatsOf(tensors, `${layer}.self_attn.in_proj_weight`);
		this.#outProj = floatsOf(tensors, `${layer}.self_attn.out_proj.weight`);
	}

	/** The next position, from 0. */
	step(x: Float64Array): Float64Array {
		const dim = x.length;
		const {heads, oldest} = this.options;
		const position = this.#keys.length;
		const packed = linear(this.#inProj, x);
		const query = this.#rotate(packed.slice(0, dim), position);
		this.#keys.push(this.#rotate(packed.slice(dim, 2 * dim), position));
		this.#values.push(packed.slice(2 * dim));

		const width = dim / heads;
		const first = Math.max(0, oldest(position));
		const context = new Float64Array(dim);
		for (let head = 0; head < heads; head++) {
			const range = Array.from({length: width}, (_, i) => head * width + i);
			const scores = this.#keys
				.slice(first)
				.map(key => range.reduce((sum, i) => sum + query[i]! * key[i]!, 0) / Math.sqrt(width));
			const weights = softmax(scores);
			for (const i of range) {
				context[i] = weights.reduce((sum, weight, k) => sum + weight * this.#values[first + k]![i]!, 0);
			}
		}
		return linear(this.#outProj, context);
	}

	#rotate(x: Float64Array, position: number): Float64Array {
		const width = x.length / this.options.heads;
		return x.map((value, i) => {
			const pair = Math.floor((i % width) / 2);
			const angle = position * this.options.maxPeriod ** ((-2 * pair) / width);
			const other = i % 2 === 0 ? -x[i + 1]! : x[i - 1]!;
			return value * Math.cos(angle) + other * Math.sin(angle);
		});
	}
}

function softmax(scores: readonly number[]): number[] {
	const largest = Math.max(...scores);
	const weights = scores.map(score => Math.exp(score - largest));
	const sum = weights.reduce((a, b) => a + b);
	return weights.map(weight => weight / sum);
}

/** Shapes of a decoder, named as in its `config.json`. */
export type ReferenceLmConfig = {
	dim: number;
	num_layers: number;
	num_heads: number;
	context: number;
	max_period: number;
	n_q: number;
};

/** The decoder of Kyutai STT, from its published tensors in F32. */
export class ReferenceDecoder {
	readonly #attentions: ReferenceAttention[];

	constructor(
		private readonly tensors: Tensors,
		private readonly config: ReferenceLmConfig,
	) {
		const {num_layers, num_heads: heads, max_period: maxPeriod, context} = config;
		this.#attentions = Array.from(
			{length: num_layers},
			(_, i) =>
				new ReferenceAttention(tensors, `transformer.layers.${i}`, {
					heads,
					maxPeriod,
					oldest: query => query - context + 1,
				}),
		);
	}

	/** Logits of the next position, which follows `token` and hears `codes`. */
	step(token: number, codes: readonly number[]): Float64Array {
		const {dim} = this.config;
		const row = (name: string, index: number) => this.#floats(name).subarray(index * dim, (index + 1) * dim);
		let x = Float64Array.from(row('text_emb.weight', token));
		for (const [q, code] of codes.entries()) x = add(x, row(`emb.${q}.weight`, code));
		for (const [i, attention] of this.#attentions.entries()) {
			const layer = `transformer.layers.${i}`;
			x = add(x, attention.step(this.#norm(`${layer}.norm1.alpha`, x)));
			const both = linear(this.#floats(`${layer}.gating.linear_in.weight`), this.#norm(`${layer}.norm2.alpha`, x));
			const hidden = both.length / 2;
			const gated = both.slice(0, hidden).map((gate, j) => (gate / (1 + Math.exp(-gate))) * both[hidden + j]!);
			x = add(x, linear(this.#floats(`${layer}.gating.linear_out.weight`), gated));
		}
		return linear(this.#floats('text_linear.weight'), this.#norm('out_norm.alpha', x));
	}

	#norm(name: string, x: Float64Array): Float64Array {
		const alpha = this.#floats(name);
		const meanSquare = x.reduce((sum, value) => sum + value * value, 0) / x.length;
		return x.map((value, i) => (value * alpha[i]!) / Math.sqrt(meanSquare + 1e-8));
	}

	readonly #read = new Map<string, Float32Array>();

	#floats(name: string): Float32Array {
		const found = this.#read.get(name) ?? floatsOf(this.tensors, name);
		this.#read.set(name, found);
		return found;
	}
}

/** Shapes of Mimi's transformer. */
export type ReferenceMimiConfig = {num_layers: number; num_heads: number; context: number; max_period: number};

/** Mimi's transformer, from its published tensors, with the window that the official code has when it takes two positions a call. */
export class ReferenceMimiTransformer {
	readonly #attentions: ReferenceAttention[];

	constructor(
		private readonly tensors: Tensors,
		{num_layers, num_heads: heads, context, max_period: maxPeriod}: ReferenceMimiConfig,
	) {
		this.#attentions = Array.from(
			{length: num_layers},
			(_, i) =>
				new ReferenceAttention(tensors, `encoder_transformer.transformer.layers.${i}`, {
					heads,
					maxPeriod,
					oldest: query => query - (query % 2) - (context - 2),
				}),
		);
	}

	/** The output of the next position. */
	step(input: ArrayLike<number>): Float64Array {
		let x = Float64Array.from(input);
		for (const [i, attention] of this.#attentions.entries()) {
			const layer = `encoder_transformer.transformer.layers.${i}`;
			const floats = (name: string) => floatsOf(this.tensors, `${layer}.${name}`);
			const scaled = (name: string, y: Float64Array) => y.map((value, j) => value * floats(name)[j]!);
			x = add(x, scaled('layer_scale_1.scale', attention.step(this.#norm(`${layer}.norm1`, x))));
			const wide = linear(floats('linear1.weight'), this.#norm(`${layer}.norm2`, x)).map(gelu);
			x = add(x, scaled('layer_scale_2.scale', linear(floats('linear2.weight'), wide)));
		}
		return x;
	}

	#norm(name: string, x: Float64Array): Float64Array {
		const [weight, bias] = [floatsOf(this.tensors, `${name}.weight`), floatsOf(this.tensors, `${name}.bias`)];
		const mean = x.reduce((a, b) => a + b) / x.length;
		const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
		return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias[i]!);
	}
}

const gelu = (x: number) => (x * (1 + erf(x / Math.SQRT2))) / 2;

/** By its Maclaurin series, which is exact to 1e-9 where the result is not 1 to that precision anyway. */
function erf(x: number): number {
	if (Math.abs(x) > 4.5) return Math.sign(x);
	let term = x;
	let sum = x;
	for (let n = 1; Math.abs(term) > 1e-16 * Math.abs(sum); n++) {
		term *= (-x * x) / n;
		sum += term / (2 * n + 1);
	}
	return (2 / Math.sqrt(Math.PI)) * sum;
}
