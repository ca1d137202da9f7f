import {mimiConfig} from './checkpoint-config.js';

const shared = {
	model_type: 'stt',
	dim: 2048,
	max_period: 100_000,
	n_q: 32,
	dep_q: 0,
	card: 2048,
	existing_text_padding_id: 3,
	existing_text_end_padding_id: 0,
	norm: 'rms_norm_f32',
	gating: 'silu',
	positional_embedding: 'rope',
	causal: true,
	moshi_name: 'model.safetensors',
	mimi_name: 'mimi-pytorch-e351c8d8@125.safetensors',
};

/** `config.json` of the two published models, but for what changes nothing here (specs: kyutai-stt §2), and of a tiny one for tests. `hidden`: the FFN's width. */
const models = {
	'kyutai-1b': {
		hidden: 5632,
		config: {
			...shared,
			num_layers: 16,
			num_heads: 16,
			context: 750,
			text_card: 8000,
			extra_heads_num_heads: 4,
			extra_heads_dim: 6,
			tokenizer_name: 'tokenizer_en_fr_audio_8000.model',
			stt_config: {audio_delay_seconds: 0.5, audio_silence_prefix_seconds: 0},
		},
	},
	'kyutai-2.6b': {
		hidden: 5632,
		config: {
			...shared,
			num_layers: 48,
			num_heads: 32,
			context: 375,
			text_card: 4000,
			tokenizer_name: 'tokenizer_en_audio_4000.model',
			stt_config: {audio_delay_seconds: 2.5, audio_silence_prefix_seconds: 1},
		},
	},
	tiny: {
		hidden: 176,
		config: {
			...shared,
			dim: 64,
			num_layers: 2,
			num_heads: 4,
			context: 16,
			n_q: 4,
			card: 32,
			text_card: 48,
			extra_heads_num_heads: 4,
			extra_heads_dim: 6,
			tokenizer_name: 'tokenizer_en_fr_audio_48.model',
			stt_config: {audio_delay_seconds: 0.5, audio_silence_prefix_seconds: 0},
			mimi: {
				n_filters: 4,
				dimension: 32,
				transformer: {num_heads: 4, num_layers: 2, dim_feedforward: 64, context: 8},
				quantizer: {dimension: 16, bins: 32},
			},
		},
	},
};

/** Names of the models whose shapes are known. */
export type SyntheticModel = keyof typeof models;

/** All of them; `tiny` is for tests. */
export const syntheticModels = Object.keys(models) as SyntheticModel[];

/** Tensors by name, with their shapes. */
export type Shapes = Record<string, number[]>;

/** What a checkpoint of `model` has: its `config.json`, and the tensors of its two files in the order of their bytes, by name. */
export function syntheticShapes(model: SyntheticModel): {
	config: (typeof models)['tiny' | 'kyutai-1b']['config'] | (typeof models)['kyutai-2.6b']['config'];
	lm: Shapes;
	mimi: Shapes;
} {
	const {config} = models[model];
	return {config, lm: sorted(lmShapes(model)), mimi: sorted(mimiShapes(config))};
}

function lmShapes(model: SyntheticModel): Shapes {
	const {hidden, config} = models[model];
	const {dim, n_q: codebooks, card, num_layers: layers, text_card: textCard} = config;
	const shapes: Shapes = {'text_emb.weight': [textCard + 1, dim]};
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
	if ('extra_heads_num_heads' in config) {
		const {extra_heads_num_heads: heads, extra_heads_dim: classes} = config;
		for (let head = 0; head < heads; head++) shapes[`extra_heads.${head}.weight`] = [classes, dim];
	}
	return shapes;
}

/** Bytes of the published Mimi file beside its encoder: a decoder that nothing here reads. */
const decoderFloats = 40_000_000;

function mimiShapes(lm: {n_q: number; mimi?: object}): Shapes {
	const {
		n_filters: filters,
		dimension: dim,
		ratios,
		transformer,
		quantizer,
		...config
	} = mimiConfig.parse(lm.mimi ?? {});
	const shapes: Shapes = {};
	const conv = (prefix: string, shape: number[]) => {
		shapes[`${prefix}.weight`] = shape;
		shapes[`${prefix}.bias`] = [shape[0]!];
	};
	conv('encoder.model.0.conv.conv', [filters, 1, config.kernel_size]);
	for (const [i, ratio] of ratios.entries()) {
		const channels = filters * 2 ** i;
		const inside = channels / config.compress;
		conv(`encoder.model.${3 * i + 1}.block.1.conv.conv`, [inside, channels, config.residual_kernel_size]);
		conv(`encoder.model.${3 * i + 1}.block.3.conv.conv`, [channels, inside, 1]);
		conv(`encoder.model.${3 * i + 3}.conv.conv`, [2 * channels, channels, 2 * ratio]);
	}
	const {length} = ratios;
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
	shapes['downsample.conv.conv.conv.weight'] = [dim, dim, 2 * config.downsample_stride];
	for (let q = 0; q < lm.n_q; q++) {
		const quantiser = q === 0 ? 'quantizer.rvq_first' : 'quantizer.rvq_rest';
		shapes[`${quantiser}.input_proj.weight`] = [quantizer.dimension, dim, 1];
		const codebook = `${quantiser}.vq.layers.${Math.max(0, q - 1)}._codebook`;
		shapes[`${codebook}.cluster_usage`] = [quantizer.bins];
		shapes[`${codebook}.embedding_sum`] = [quantizer.bins, quantizer.dimension];
	}
	if (!lm.mimi) shapes['decoder.model.0.conv.conv.weight'] = [decoderFloats];
	return shapes;
}

/** As the safetensors library writes them: among tensors of one dtype, by name. */
const sorted = (shapes: Shapes): Shapes =>
	Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
