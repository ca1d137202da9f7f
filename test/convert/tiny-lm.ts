import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {deterministicFloats} from './deterministic-weights.js';
import {encodeSafetensors, type TensorData} from './encode-safetensors.js';

/** Configuration of the deterministic tiny LM (specs: kyutai-stt §9.1). */
export const tinyLmConfig = {
	model_type: 'stt',
	dim: 64,
	num_layers: 2,
	num_heads: 4,
	context: 16,
	max_period: 100_000,
	n_q: 4,
	dep_q: 0,
	card: 32,
	text_card: 48,
	delays: [0, 0, 0, 0, 0],
	hidden_scale: 4.125,
	existing_text_padding_id: 3,
	existing_text_end_padding_id: 0,
	extra_heads_num_heads: 4,
	extra_heads_dim: 6,
	norm: 'rms_norm_f32',
	gating: 'silu',
	positional_embedding: 'rope',
	causal: true,
	stt_config: {audio_delay_seconds: 0.5, audio_silence_prefix_seconds: 0},
} as const;

/** FFN hidden of the tiny LM: ⌊2 · ⌊4.125 · 64⌋ / 3⌋, an odd number of half blocks for the 4-bit scheme. */
const hidden = 176;

/** Greedy tokens of the tiny LM at positions 0 … 40, by the official PyTorch code in fp32. */
export const tinyLmTokens = [
	35, 43, 22, 22, 22, 28, 13, 21, 6, 8, 13, 42, 45, 26, 7, 32, 33, 22, 4, 37, 7, 6, 29, 4, 0, 22, 32, 30, 8, 28, 6, 23,
	34, 8, 28, 7, 43, 15, 22, 33, 42,
];

/** Codes [4] of frame `f`, as the expected values were made with. Position n ≥ 1 hears frame n − 1. */
export const tinyLmCodes = (f: number): number[] =>
	Array.from({length: tinyLmConfig.n_q}, (_, q) => (7 * f + 13 * q + ((f * f) % 11)) % tinyLmConfig.card);

/** Writes the tiny LM's `config.json` and `model.safetensors` into `folder`, which is created. */
export async function writeTinyLm(folder: string): Promise<void> {
	await mkdir(folder, {recursive: true});
	await writeFile(path.join(folder, 'config.json'), JSON.stringify(tinyLmConfig));
	await writeFile(path.join(folder, 'model.safetensors'), encodeSafetensors(tinyLmTensors()));
}

/** The tiny LM's tensors by name, for its own number of layers or another. */
export function tinyLmTensors(layers: number = tinyLmConfig.num_layers): Record<string, TensorData> {
	const {dim, card, text_card: textCard, n_q: codebooks} = tinyLmConfig;
	const shapes: Record<string, number[]> = {'text_emb.weight': [textCard + 1, dim]};
	for (let q = 0; q < codebooks; q++) shapes[`emb.${q}.weight`] = [card + 1, dim];
	for (let i = 0; i < layers; i++) {
		const layer = `transformer.layers.${i}`;
		shapes[`${layer}.norm1.alpha`] = [1, 1, dim];
		shapes[`${layer}.norm2.alpha`] = [1, 1, dim];
		shapes[`${layer}.self_attn.in_proj_weight`] = [3 * dim, dim];
		shapes[`${layer}.self_attn.out_proj.weight`] = [dim, dim];
		shapes[`${layer}.gating.linear_in.weight`] = [2 * hidden, dim];
		shapes[`${layer}.gating.linear_out.weight`] = [dim, hidden];
	}
	shapes['out_norm.alpha'] = [1, 1, dim];
	shapes['text_linear.weight'] = [textCard, dim];
	for (let head = 0; head < tinyLmConfig.extra_heads_num_heads; head++) {
		shapes[`extra_heads.${head}.weight`] = [tinyLmConfig.extra_heads_dim, dim];
	}
	return Object.fromEntries(
		Object.entries(shapes).map(([name, shape]) => [name, {dtype: 'F32', shape, bytes: bytesOf(weights(name, shape))}]),
	);
}

const bytesOf = (floats: Float32Array) => new Uint8Array(floats.buffer);

/** Weights by the tensor's name: a xorshift stream from the name's hash, shaped by what the tensor is. */
function weights(name: string, shape: readonly number[]): Float32Array {
	const count = shape.reduce((product, dim) => product * dim, 1);
	const shaped = (u: number) => {
		if (name.endsWith('.alpha')) return 1 + 0.5 * u;
		if (name.startsWith('emb.') || name === 'text_emb.weight') return u * Math.sqrt(12);
		return u * Math.sqrt(12 / shape.at(-1)!);
	};
	return deterministicFloats(name, count, shaped);
}

export {hashOf} from './deterministic-weights.js';
