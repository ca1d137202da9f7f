import {type FileHandle, mkdir, open, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {mimiConfig} from '../src/convert/checkpoint-config.js';

// node build/bench/synthetic-checkpoint.js kyutai-1b|kyutai-2.6b FOLDER: a checkpoint of the published shapes, names and dtypes, with seeded random weights.

/** `config.json` of the two published models, but for what changes nothing here (specs: kyutai-stt §2). */
const configs = {
	'kyutai-1b': {
		num_layers: 16,
		num_heads: 16,
		context: 750,
		text_card: 8000,
		extra_heads_num_heads: 4,
		extra_heads_dim: 6,
		tokenizer_name: 'tokenizer_en_fr_audio_8000.model',
		stt_config: {audio_delay_seconds: 0.5, audio_silence_prefix_seconds: 0},
	},
	'kyutai-2.6b': {
		num_layers: 48,
		num_heads: 32,
		context: 375,
		text_card: 4000,
		tokenizer_name: 'tokenizer_en_audio_4000.model',
		stt_config: {audio_delay_seconds: 2.5, audio_silence_prefix_seconds: 1},
	},
} as const;

/** Names of the models whose shapes are known. */
export type SyntheticModel = keyof typeof configs;

const shared = {
	model_type: 'stt',
	dim: 2048,
	max_period: 100_000,
	n_q: 32,
	dep_q: 0,
	card: 2048,
	norm: 'rms_norm_f32',
	gating: 'silu',
	positional_embedding: 'rope',
	causal: true,
	moshi_name: 'model.safetensors',
	mimi_name: 'mimi-pytorch-e351c8d8@125.safetensors',
};
const hidden = 5632;

/** Writes the checkpoint into `folder`, which is created. Nothing in it is sparse. */
export async function writeSyntheticCheckpoint(model: SyntheticModel, folder: string): Promise<void> {
	await mkdir(folder, {recursive: true});
	const config = {...shared, ...configs[model]};
	await writeFile(path.join(folder, 'config.json'), JSON.stringify(config));
	await writeTensors(path.join(folder, config.moshi_name), 'BF16', lmShapes(model));
	await writeTensors(path.join(folder, config.mimi_name), 'F32', mimiShapes());
	await writeFile(path.join(folder, config.tokenizer_name), tokenizer(config.text_card));
}

type Shapes = Record<string, number[]>;

function lmShapes(model: SyntheticModel): Shapes {
	const {dim, n_q: codebooks, card} = shared;
	const {num_layers: layers, text_card: textCard} = configs[model];
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
	const heads = model === 'kyutai-1b' ? configs[model].extra_heads_num_heads : 0;
	for (let head = 0; head < heads; head++) shapes[`extra_heads.${head}.weight`] = [6, dim];
	return shapes;
}

/** The encoder of the published Mimi, and a decoder's worth of tensors that nothing reads, so that the file is as long. */
function mimiShapes(): Shapes {
	const {n_filters: filters, dimension: dim, ratios, transformer, quantizer, ...config} = mimiConfig.parse({});
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
	conv(`encoder.model.${3 * ratios.length + 2}.conv.conv`, [
		dim,
		filters * 2 ** ratios.length,
		config.last_kernel_size,
	]);
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
	for (let q = 0; q < shared.n_q; q++) {
		const quantiser = q === 0 ? 'quantizer.rvq_first' : 'quantizer.rvq_rest';
		shapes[`${quantiser}.input_proj.weight`] = [quantizer.dimension, dim, 1];
		const codebook = `${quantiser}.vq.layers.${Math.max(0, q - 1)}._codebook`;
		shapes[`${codebook}.cluster_usage`] = [quantizer.bins];
		shapes[`${codebook}.embedding_sum`] = [quantizer.bins, quantizer.dimension];
	}
	shapes['decoder.model.0.conv.conv.weight'] = [40_000_000];
	return shapes;
}

/** Uniform numbers around `centre`, as wide as keeps a signal's size from layer to layer. */
function range(name: string, shape: readonly number[]): {centre: number; half: number} {
	if (/norm\d?\.(alpha|weight)$/.test(name)) return {centre: 1, half: 0.25};
	if (name.endsWith('.scale')) return {centre: 0.3, half: 0.1};
	if (name.endsWith('.cluster_usage')) return {centre: 1.5, half: 0.5};
	if (name.endsWith('.bias')) return {centre: 0, half: 0.05};
	if (/^(text_emb|emb\.\d+)\.|embedding_sum$/.test(name)) return {centre: 0, half: Math.sqrt(3)};
	const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
	return {centre: 0, half: Math.sqrt(3 / fanIn)};
}

async function writeTensors(file: string, dtype: 'BF16' | 'F32', shapes: Shapes): Promise<void> {
	const bytesEach = dtype === 'BF16' ? 2 : 4;
	let end = 0;
	const header = Object.fromEntries(
		Object.entries(shapes).map(([name, shape]) => {
			const start = end;
			end += shape.reduce((product, dim) => product * dim, bytesEach);
			return [name, {dtype, shape, data_offsets: [start, end]}];
		}),
	);
	const json = Buffer.from(JSON.stringify(header));
	const length = Math.ceil(json.length / 8) * 8;
	const prefix = Buffer.alloc(8 + length, 0x20);
	prefix.writeBigUInt64LE(BigInt(length), 0);
	json.copy(prefix, 8);
	const handle = await open(file, 'w');
	try {
		await handle.writeFile(prefix);
		for (const [name, shape] of Object.entries(shapes)) await writeTensor(handle, dtype, name, shape);
	} finally {
		await handle.close();
	}
}

/** Numbers in one piece: 8 MB of F32. */
const pieceLength = 1 << 21;
const floats = new Float32Array(pieceLength);
const bits = new Uint32Array(floats.buffer);
const words = new Uint16Array(pieceLength);

async function writeTensor(handle: FileHandle, dtype: 'BF16' | 'F32', name: string, shape: number[]): Promise<void> {
	const {centre, half} = range(name, shape);
	const count = shape.reduce((product, dim) => product * dim, 1);
	let x = seedOf(name);
	for (let done = 0; done < count; done += pieceLength) {
		const length = Math.min(pieceLength, count - done);
		for (let i = 0; i < length; i++) {
			x ^= x << 13;
			x ^= x >>> 17;
			x ^= x << 5;
			floats[i] = centre + (x / 2 ** 31) * half;
		}
		if (dtype === 'BF16') for (let i = 0; i < length; i++) words[i] = bits[i]! >>> 16;
		await handle.writeFile(dtype === 'F32' ? bytesOf(floats, 4 * length) : bytesOf(words, 2 * length));
	}
}

const bytesOf = ({buffer}: Float32Array | Uint16Array, length: number) => new Uint8Array(buffer, 0, length);

/** FNV-1a, 32 bits; never 0, from which xorshift cannot leave. */
function seedOf(name: string): number {
	let hash = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash | 0 || 1;
}

/** A SentencePiece model with `count` pieces: unknown, three control pieces, then made-up words. */
function tokenizer(count: number): Uint8Array {
	const pieces = Array.from({length: count}, (_, id) => {
		const text = Buffer.from(id < 4 ? ['<unk>', '<s>', '</s>', '<pad>'][id]! : `▁w${id.toString(36)}`);
		const piece = [0x0a, text.length, ...text, 0x15, 0, 0, 0, 0, 0x18, id === 0 ? 2 : id < 4 ? 3 : 1];
		return Uint8Array.of(0x0a, piece.length, ...piece);
	});
	return Buffer.concat(pieces);
}

if (process.argv[1] === import.meta.filename) {
	const [model, folder] = parseArgs({allowPositionals: true}).positionals;
	if (!model || !(model in configs) || !folder) {
		console.error('Usage: node build/bench/synthetic-checkpoint.js kyutai-1b|kyutai-2.6b FOLDER');
		process.exit(2);
	}
	await writeSyntheticCheckpoint(model as SyntheticModel, folder);
}
