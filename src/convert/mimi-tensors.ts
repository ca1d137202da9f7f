import {type AttentionTensors, findAttention} from './attention-tensors.js';
import type {MimiConfig} from './checkpoint-config.js';
import {type Matrix, matrixOf} from './matrix.js';
import type {Safetensors} from './safetensors.js';
import {checkFloats, findAlias} from './tensor-checks.js';
import {foldedWeight} from './weight-norm.js';

/** A convolution: `weight` as rows of [in · kernel] per output channel, `bias` the name of its tensor [out], where it has one. */
export type ConvTensors = {
	weight: Matrix;
	bias: string | undefined;
	inChannels: number;
	outChannels: number;
	kernel: number;
	stride: number;
};

/** One stage of SEANet: z + narrow(ELU(wide(ELU(z)))), then ELU and `down`. */
export type StageTensors = {residual: ConvTensors; pointwise: ConvTensors; down: ConvTensors};

/** One layer of the encoder's transformer; the norms and scales are tensor names. */
export type MimiLayerTensors = AttentionTensors & {
	norm1: {weight: string; bias: string};
	norm2: {weight: string; bias: string};
	scale1: string;
	scale2: string;
	linear1: Matrix;
	linear2: Matrix;
};

/** One codebook: its centroids are `sums` [bins, dim] divided row by row by `usage` [bins], both tensor names. */
export type CodebookTensors = {sums: string; usage: string};

/** A residual quantiser: latents are projected by `inputProj` [dim, latent], then coded by one codebook after the other. */
export type QuantiserTensors = {inputProj: Matrix; codebooks: CodebookTensors[]};

/** The encoder's weights, checked, not yet read. */
export type MimiTensors = {
	first: ConvTensors;
	stages: StageTensors[];
	last: ConvTensors;
	layers: MimiLayerTensors[];
	downsample: ConvTensors;
	/** Codebook 0 alone; then the others, from the latents again. */
	semantic: QuantiserTensors;
	acoustic: QuantiserTensors;
};

/**
 * Finds Mimi's encoder in `checkpoint` by Kyutai's names (specs: kyutai-stt §3.4), for the first `codebooks` codebooks, and checks each tensor against `config`.
 * The decoder's tensors are left alone. Throws `ConvertError` naming the first one that is missing or wrong.
 */
export function findMimiTensors(checkpoint: Safetensors, config: MimiConfig, codebooks: number): MimiTensors {
	const {dimension: dim} = config;
	return {
		...findSeanet(checkpoint, config),
		layers: Array.from({length: config.transformer.num_layers}, (_, i) => findLayer(checkpoint, config, i)),
		downsample: findConv(checkpoint, 'downsample.conv.conv.conv', {
			inChannels: dim,
			outChannels: dim,
			kernel: 2 * config.downsample_stride,
			stride: config.downsample_stride,
			hasBias: false,
		}),
		semantic: findQuantiser(checkpoint, 'quantizer.rvq_first', config, 1),
		acoustic: findQuantiser(checkpoint, 'quantizer.rvq_rest', config, codebooks - 1),
	};
}

/** Modules of SEANet are numbered through, and an ELU is one too (moshi `rust/moshi-core/src/seanet.rs`). */
function findSeanet(checkpoint: Safetensors, config: MimiConfig): Pick<MimiTensors, 'first' | 'stages' | 'last'> {
	const conv = (index: string, shape: Omit<ConvShape, 'hasBias'>) =>
		findConv(checkpoint, `encoder.model.${index}.conv.conv`, {...shape, hasBias: true});
	const {n_filters: filters, kernel_size: kernel} = config;
	const first = conv('0', {inChannels: 1, outChannels: filters, kernel, stride: 1});
	const stages = config.ratios.map((ratio, i): StageTensors => {
		const block = 3 * i + 1;
		const channels = filters * 2 ** i;
		const inside = Math.floor(channels / config.compress);
		return {
			residual: conv(`${block}.block.1`, {
				inChannels: channels,
				outChannels: inside,
				kernel: config.residual_kernel_size,
				stride: 1,
			}),
			pointwise: conv(`${block}.block.3`, {inChannels: inside, outChannels: channels, kernel: 1, stride: 1}),
			down: conv(`${block + 2}`, {inChannels: channels, outChannels: 2 * channels, kernel: 2 * ratio, stride: ratio}),
		};
	});
	const last = conv(`${3 * config.ratios.length + 2}`, {
		inChannels: filters * 2 ** config.ratios.length,
		outChannels: config.dimension,
		kernel: config.last_kernel_size,
		stride: 1,
	});
	return {first, stages, last};
}

type ConvShape = Omit<ConvTensors, 'weight' | 'bias'> & {hasBias: boolean};

function findConv(checkpoint: Safetensors, prefix: string, {hasBias, ...shape}: ConvShape): ConvTensors {
	const {outChannels, inChannels, kernel} = shape;
	const weight = foldedWeight(checkpoint, prefix, [outChannels, inChannels, kernel]);
	if (hasBias) checkFloats(checkpoint, `${prefix}.bias`, [outChannels]);
	return {...shape, weight, bias: hasBias ? `${prefix}.bias` : undefined};
}

function findLayer(checkpoint: Safetensors, config: MimiConfig, index: number): MimiLayerTensors {
	const layer = `encoder_transformer.transformer.layers.${index}`;
	const {dimension: dim, transformer} = config;
	const vector = (name: string): string => {
		checkFloats(checkpoint, `${layer}.${name}`, [dim]);
		return `${layer}.${name}`;
	};
	const matrix = (name: string, rows: number, columns: number): Matrix => {
		checkFloats(checkpoint, `${layer}.${name}`, [rows, columns]);
		return matrixOf(checkpoint, `${layer}.${name}`);
	};
	return {
		norm1: {weight: vector('norm1.weight'), bias: vector('norm1.bias')},
		...findAttention(checkpoint, layer, dim),
		scale1: vector('layer_scale_1.scale'),
		norm2: {weight: vector('norm2.weight'), bias: vector('norm2.bias')},
		linear1: matrix('linear1.weight', transformer.dim_feedforward, dim),
		linear2: matrix('linear2.weight', dim, transformer.dim_feedforward),
		scale2: vector('layer_scale_2.scale'),
	};
}

function findQuantiser(
	checkpoint: Safetensors,
	prefix: string,
	{dimension, quantizer: {dimension: dim, bins}}: MimiConfig,
	count: number,
): QuantiserTensors {
	const inputProj = `${prefix}.input_proj.weight`;
	checkFloats(checkpoint, inputProj, [dim, dimension, 1]);
	const codebooks = Array.from({length: count}, (_, i): CodebookTensors => {
		const codebook = (aliases: string[], shape: number[]): string => {
			const name = findAlias(
				checkpoint,
				aliases.map(alias => `${prefix}.vq.layers.${i}._codebook.${alias}`),
			);
			checkFloats(checkpoint, name, shape);
			return name;
		};
		return {
			sums: codebook(['embedding_sum', 'embed_sum', 'embed_avg'], [bins, dim]),
			usage: codebook(['cluster_usage', 'cluster_size'], [bins]),
		};
	});
	return {inputProj: matrixOf(checkpoint, inputProj), codebooks};
}
