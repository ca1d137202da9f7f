import {readFile, stat} from 'node:fs/promises';
import {z} from 'zod';
import {ConvertError} from './convert-error.js';

const count = z.number().int().positive().max(1_000_000);
const id = z.number().int().nonnegative().max(1_000_000);

/**
 * The decoder's part of a `config.json`, as Kyutai writes it (specs: kyutai-stt §2). What our graph cannot express is refused here;
 * keys that change nothing for it (depformer, sampling) are ignored.
 */
export const lmConfig = z.object({
	model_type: z.literal('stt').optional(),
	dim: count,
	num_layers: z.number().int().min(1).max(200),
	num_heads: z.number().int().min(1).max(200),
	/** Where it is missing, the width of the first layer counts. */
	ffn_hidden: count.optional(),
	/** C: a key is visible iff 0 ≤ q − k < C. */
	context: z.number().int().min(2).max(100_000),
	max_period: z.number().positive(),
	/** Codebooks summed into the input; the table of each has `card` + 1 rows, the last one for the start. */
	n_q: z.number().int().min(0).max(64),
	card: count.optional(),
	/** Rows of the text head; the input table has one more, for the start. */
	text_card: count,
	delays: z.array(z.literal(0)).optional(),
	existing_text_padding_id: id.default(3),
	existing_text_end_padding_id: id.default(0),
	extra_heads_num_heads: z.number().int().min(0).max(16).default(0),
	extra_heads_dim: z.number().int().min(1).max(64).default(6),
	/** Whether captions may end by what the extra heads say. */
	extra_heads_usable: z.boolean().default(true),
	norm: z.literal('rms_norm_f32'),
	norm_eps: z.number().positive().max(1).default(1e-8),
	gating: z.literal('silu'),
	positional_embedding: z.literal('rope'),
	causal: z.literal(true).optional(),
	layer_scale: z.null().optional(),
	kv_repeat: z.literal(1).optional(),
	stt_config: z.object({
		audio_delay_seconds: z.number().min(0).max(10),
		audio_silence_prefix_seconds: z.number().min(0).max(10).default(0),
	}),
});

/** Frontend of the embedded model: log-mel features and causal convolutions (`models/embedded/README.md`). */
export const logMelConfig = z.object({
	type: z.literal('log-mel'),
	sample_rate: z.number().int().min(8000).max(48_000),
	/** Samples of one analysis window, between two of them, and of the DFT (equal to the window, so far). */
	window: z.number().int().min(16).max(4096),
	hop: z.number().int().min(1).max(4096),
	n_fft: z.number().int().min(16).max(4096),
	n_mels: z.number().int().min(1).max(512),
	f_max: z.number().positive().max(24_000),
	log_offset: z.number().positive(),
	log_scale: z.number(),
	log_shift: z.number(),
	conv_kernel: z.number().int().min(1).max(64),
	conv_stride: z.number().int().min(1).max(16),
	activation: z.literal('gelu'),
});

const mimiTransformerConfig = z.object({
	num_heads: z.number().int().min(1).max(200).default(8),
	num_layers: z.number().int().min(1).max(200).default(8),
	dim_feedforward: count.default(2048),
	/** Positions that a window spans, at the rate before the last downsampling. */
	context: z.number().int().min(3).max(100_000).default(250),
	max_period: z.number().positive().default(10_000),
});

/**
 * Shapes of a Mimi encoder. Kyutai writes them into no file but into the code that loads it (moshi `models/loaders.py`; specs: kyutai-stt §2):
 * its values are the defaults, and a checkpoint of another size says so under `mimi` in its `config.json`.
 */
export const mimiConfig = z.object({
	sample_rate: z.number().int().min(8000).max(48_000).default(24_000),
	n_filters: count.default(64),
	/** Width of the latents. */
	dimension: count.default(512),
	/** Strides of the convolutions, in the order of the signal; each kernel is twice as wide. */
	ratios: z.array(z.number().int().min(2).max(64)).min(1).max(8).default([4, 5, 6, 8]),
	kernel_size: z.number().int().min(2).max(64).default(7),
	residual_kernel_size: z.number().int().min(2).max(64).default(3),
	last_kernel_size: z.number().int().min(2).max(64).default(3),
	/** How much narrower a residual branch is inside. */
	compress: z.number().int().min(1).max(64).default(2),
	transformer: mimiTransformerConfig.prefault({}),
	/** Latents that become one frame in the last downsampling; its kernel is twice as wide. */
	downsample_stride: z.number().int().min(1).max(16).default(2),
	quantizer: z
		.object({
			dimension: count.default(256),
			bins: count.default(2048),
		})
		.prefault({}),
});

const fileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/);

/** `config.json` of an embedded-model checkpoint. */
export const embeddedConfig = lmConfig
	.extend({
		n_q: z.literal(0),
		frontend: logMelConfig,
		tokenizer_name: fileName,
		languages: z.array(z.string().min(1).max(20)).min(1).max(200),
	})
	.superRefine((config, context) => {
		const {window, hop, n_fft, f_max, sample_rate, conv_kernel, conv_stride} = config.frontend;
		const require = (holds: boolean, key: string, message: string) => {
			if (!holds) context.addIssue({code: 'custom', path: ['frontend', key], message});
		};
		require(n_fft === window && n_fft % 2 === 0, 'n_fft', 'should equal window and be even');
		require(window > hop, 'window', 'should be more than hop');
		require(f_max <= sample_rate / 2, 'f_max', 'should be at most half of sample_rate');
		require(conv_kernel > conv_stride, 'conv_kernel', 'should be more than conv_stride');
	});

/** Names of Kyutai's files have an @ in them. */
const checkpointFileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._@-]{0,199}$/);

/** `config.json` of a checkpoint as Kyutai publishes it (specs: kyutai-stt §2). */
export const kyutaiConfig = lmConfig
	.extend({
		n_q: z.number().int().min(1).max(64),
		/** Codebooks that the model speaks; a recogniser speaks none. */
		dep_q: z.literal(0).optional(),
		card: count,
		/** Sizes of a Mimi that is not the published one. */
		mimi: mimiConfig.prefault({}),
		moshi_name: checkpointFileName.default('model.safetensors'),
		mimi_name: checkpointFileName,
		tokenizer_name: fileName,
	})
	.refine(({card, mimi}) => card === mimi.quantizer.bins, {
		path: ['card'],
		message: "should be the number of bins in Mimi's codebooks",
	});

export type KyutaiConfig = z.infer<typeof kyutaiConfig>;
export type MimiConfig = z.infer<typeof mimiConfig>;
export type LmConfig = z.infer<typeof lmConfig>;
export type LogMelConfig = z.infer<typeof logMelConfig>;
export type EmbeddedConfig = z.infer<typeof embeddedConfig>;

/** No real one comes near: a larger file is something else. */
const maxConfigBytes = 1_000_000;

/** Reads the `config.json` at `file` and checks it against `schema`. Throws `ConvertError` naming the first key that is wrong. */
export async function readConfig<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
	let json: unknown;
	try {
		if ((await stat(file)).size > maxConfigBytes)
			throw new ConvertError('bad-config', `${file} is too large for a configuration.`);
		json = JSON.parse(await readFile(file, 'utf8'));
	} catch (error) {
		if (error instanceof ConvertError) throw error;
		const why =
			error instanceof SyntaxError ? 'is not JSON' : `cannot be read (${(error as NodeJS.ErrnoException).code})`;
		throw new ConvertError('bad-config', `${file} ${why}.`, {cause: error});
	}
	return checkConfig(file, json, schema);
}

function checkConfig<Schema extends z.ZodType>(file: string, json: unknown, schema: Schema): z.infer<Schema> {
	const parsed = schema.safeParse(json);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0]!;
	throw new ConvertError('bad-config', `${file}: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`);
}
