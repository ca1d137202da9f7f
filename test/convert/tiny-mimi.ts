import {type MimiConfig, mimiConfig} from '../../src/convert/checkpoint-config.js';
import {deterministicFloats} from './deterministic-weights.js';
import type {TensorData} from './encode-safetensors.js';

/** What differs from the real Mimi in the deterministic tiny one (specs: kyutai-stt §9.2), as it stands in a `config.json`. */
export const tinyMimiKeys = {
	n_filters: 4,
	dimension: 32,
	transformer: {num_heads: 4, num_layers: 2, dim_feedforward: 64, context: 8},
	quantizer: {dimension: 16, bins: 32},
};

/** Configuration of the tiny Mimi. */
export const tinyMimiConfig: MimiConfig = mimiConfig.parse(tinyMimiKeys);

/** Its codebooks, the semantic one first. */
export const tinyMimiCodebooks = 4;

/** Codes of the first 12 frames, streaming, by the official PyTorch code in fp32. */
export const tinyMimiCodes = [
	[6, 4, 8, 31],
	[6, 7, 8, 14],
	[18, 20, 8, 14],
	[23, 27, 7, 16],
	[12, 20, 8, 14],
	[6, 6, 8, 21],
	[23, 21, 8, 0],
	[6, 20, 20, 13],
	[23, 7, 20, 29],
	[6, 20, 8, 0],
	[23, 27, 7, 4],
	[6, 4, 8, 14],
];

/** `frames` frames of 1920 samples: a tone and noise. The expected values are of 12. */
export function tinyMimiPcm(frames = 12): Float32Array<ArrayBuffer> {
	const u: number[] = [];
	deterministicFloats('pcm', frames * 1920, value => {
		u.push(value);
		return value;
	});
	return Float32Array.from(u, (value, i) => 0.4 * Math.sin((2 * Math.PI * 220 * i) / 24_000) + 0.3 * value);
}

/** The encoder's tensors of a Mimi of this configuration by Kyutai's names, weight normalisation folded. */
export function tinyMimiTensors(
	config: MimiConfig = tinyMimiConfig,
	codebooks = tinyMimiCodebooks,
): Record<string, TensorData> {
	const {dimension: dim, n_filters: filters, transformer, quantizer} = config;
	const shapes: Record<string, number[]> = {};
	const conv = (prefix: string, shape: number[]) => {
		shapes[`${prefix}.weight`] = shape;
		shapes[`${prefix}.bias`] = [shape[0]!];
	};
	conv('encoder.model.0.conv.conv', [filters, 1, config.kernel_size]);
	for (const [i, ratio] of config.ratios.entries()) {
		const channels = filters * 2 ** i;
		const inside = channels / config.compress;
		conv(`encoder.model.${3 * i + 1}.block.1.conv.conv`, [inside, channels, config.residual_kernel_size]);
		conv(`encoder.model.${3 * i + 1}.block.3.conv.conv`, [channels, inside, 1]);
		conv(`encoder.model.${3 * i + 3}.conv.conv`, [2 * channels, channels, 2 * ratio]);
	}
	const {length} = config.ratios;
	conv(`encoder.model.${3 * length + 2}.conv.conv`, [dim, filters * 2 ** length, config.last_kernel_size]);
	for (let i = 0; i < transformer.num_layers; i++) {
		const layer = `encoder_transformer.transformer.layers.${i}`;
		for (const norm of ['norm1', 'norm2']) {
			shapes[`${layer}.${norm}.weight`] = [dim];
			shapes[`${layer}.${norm}.bias`] = [dim];
		}
		shapes[`${layer}.self_attn.in_proj_weight`] = [3 * dim, dim];
		shapes[`${layer}.self_attn.out_proj.weight`] = [dim, dim];
		shapes[`${layer}.linear1.weight`] = [transformer.dim_feedforward, dim];
		shapes[`${layer}.linear2.weight`] = [dim, transformer.dim_feedforward];
		shapes[`${layer}.layer_scale_1.scale`] = [dim];
		shapes[`${layer}.layer_scale_2.scale`] = [dim];
	}
	const stride = config.downsample_stride;
	shapes['downsample.conv.conv.conv.weight'] = [dim, dim, 2 * stride];
	const {dimension: width, bins} = quantizer;
	for (let q = 0; q < codebooks; q++) {
		const quantiser = q === 0 ? 'quantizer.rvq_first' : 'quantizer.rvq_rest';
		shapes[`${quantiser}.input_proj.weight`] = [width, dim, 1];
		const codebook = `${quantiser}.vq.layers.${Math.max(0, q - 1)}._codebook`;
		shapes[`${codebook}.cluster_usage`] = [bins];
		shapes[`${codebook}.embedding_sum`] = [bins, width];
	}
	return Object.fromEntries(
		Object.entries(shapes).map(([name, shape]) => [
			name,
			{dtype: 'F32', shape, bytes: new Uint8Array(weights(name, shape).buffer)},
		]),
	);
}

function weights(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
	const count = shape.reduce((product, dim) => product * dim, 1);
	const fanIn = count / shape[0]!;
	return deterministicFloats(name, count, u => {
		if (name.endsWith('.cluster_usage')) return 1.5 + u;
		if (name.endsWith('.embedding_sum')) return u * Math.sqrt(12);
		if (name.endsWith('.scale')) return 0.3 + 0.2 * u;
		if (name.includes('norm')) return name.endsWith('.weight') ? 1 + 0.5 * u : 0.2 * u;
		if (name.endsWith('.bias')) return 0.1 * u;
		return 1.3 * u * Math.sqrt(12 / fanIn);
	});
}
