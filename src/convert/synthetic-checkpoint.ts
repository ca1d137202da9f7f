import {mkdir, open, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type KyutaiConfig, kyutaiConfig} from './checkpoint-config.js';
import {bf16FromFloats} from './half-floats.js';
import type {ByteSource} from './safetensors.js';
import {type Shapes, type SyntheticModel, syntheticShapes} from './synthetic-shapes.js';

/**
 * A checkpoint of a published model's names, shapes and dtypes with seeded random weights: for measuring what a model costs without having it. Its tensors are
 * made when they are read, the same bytes every time, so that it takes no room.
 *
 * One thing in it is no accident: it writes PAD exactly where the lowest bit of the frame's last code is set (`withHeardPadding`), because how often a guessed token
 * is right decides how fast a model runs, and random weights would never write PAD.
 */
export type SyntheticCheckpoint = {
	config: KyutaiConfig;
	/** `config.json` as it would be written. */
	configJson: string;
	/** The two safetensors files. */
	lm: ByteSource;
	mimi: ByteSource;
	/** A SentencePiece model with made-up words. */
	tokenizer: Uint8Array;
};

/** The checkpoint of `model`. */
export function syntheticCheckpoint(model: SyntheticModel): SyntheticCheckpoint {
	const shapes = syntheticShapes(model);
	const config = kyutaiConfig.parse(shapes.config);
	return {
		config,
		configJson: JSON.stringify(shapes.config),
		lm: tensorSource('BF16', shapes.lm, paddingWeights(config)),
		mimi: tensorSource('F32', shapes.mimi),
		tokenizer: tokenizerOf(config.text_card),
	};
}

/** Writes the checkpoint of `model` into `folder`, which is created; nothing in it is sparse. The two published ones take 2.4 and 5.6 GB. */
export async function writeSyntheticCheckpoint(model: SyntheticModel, folder: string): Promise<void> {
	const {config, configJson, lm, mimi, tokenizer} = syntheticCheckpoint(model);
	await mkdir(folder, {recursive: true});
	await writeFile(path.join(folder, 'config.json'), configJson);
	await writeFile(path.join(folder, config.tokenizer_name), tokenizer);
	await copy(lm, path.join(folder, config.moshi_name));
	await copy(mimi, path.join(folder, config.mimi_name));
}

async function copy(source: ByteSource, file: string): Promise<void> {
	const handle = await open(file, 'w');
	try {
		const buffer = new Uint8Array(1 << 22);
		for (let position = 0; position < source.size; position += buffer.length) {
			const piece = buffer.subarray(0, Math.min(buffer.length, source.size - position));
			await source.read(piece, position);
			await handle.writeFile(piece);
		}
	} finally {
		await handle.close();
	}
}

type Dtype = 'BF16' | 'F32';

/** Sets weights that are no accident among elements `from` … of the tensor called `name`, after they were made. */
type Special = (name: string, set: (element: number, value: number) => void, range: {from: number; to: number}) => void;

/** A safetensors file of `shapes`, made while it is read. */
function tensorSource(dtype: Dtype, shapes: Shapes, special: Special = () => {}): ByteSource {
	const bytesEach = dtype === 'BF16' ? 2 : 4;
	let end = 0;
	const tensors = Object.entries(shapes).map(([name, shape]) => {
		const start = end;
		end += shape.reduce((product, dim) => product * dim, bytesEach);
		return {name, shape, start, end};
	});
	const prefix = headerOf(dtype, tensors);

	const readTensor = (tensor: (typeof tensors)[number], bytes: Uint8Array, position: number) => {
		// Two elements are made of one random word, so whole pairs are made, and of those the bytes that were asked for are taken.
		const from = 2 * Math.floor(position / (2 * bytesEach));
		const count = Math.ceil((position + bytes.length) / bytesEach) - from;
		const values = randomValues(dtype, tensor.name, tensor.shape, from, count);
		const set = (element: number, value: number) => {
			if (dtype === 'F32') values[element - from] = value;
			else values[element - from] = bf16FromFloats(Float32Array.of(value))[0]!;
		};
		special(tensor.name, set, {from, to: from + count});
		const made = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
		bytes.set(made.subarray(position - from * bytesEach, position - from * bytesEach + bytes.length));
	};

	return {
		size: prefix.length + end,
		async read(bytes, position) {
			if (position < prefix.length) bytes.set(prefix.subarray(position, position + bytes.length));
			const begin = position - prefix.length;
			for (const tensor of tensors) {
				const from = Math.max(begin, tensor.start);
				const to = Math.min(begin + bytes.length, tensor.end);
				if (from < to) readTensor(tensor, bytes.subarray(from - begin, to - begin), from - tensor.start);
			}
		},
		async close() {},
	};
}

function headerOf(
	dtype: Dtype,
	tensors: readonly {name: string; shape: number[]; start: number; end: number}[],
): Buffer {
	const json = JSON.stringify(
		Object.fromEntries(tensors.map(({name, shape, start, end}) => [name, {dtype, shape, data_offsets: [start, end]}])),
	);
	const header = Buffer.from(json);
	const prefix = Buffer.alloc(8 + Math.ceil(header.length / 8) * 8, 0x20);
	prefix.writeBigUInt64LE(BigInt(prefix.length - 8), 0);
	header.copy(prefix, 8);
	return prefix;
}

/** Elements `from` (even) … of a tensor. */
function randomValues(dtype: Dtype, name: string, shape: readonly number[], from: number, count: number) {
	const table = tableOf(dtype, name, shape);
	const seed = hashOf(name);
	const values = dtype === 'F32' ? new Float32Array(count + 1) : new Uint16Array(count + 1);
	for (let i = 0; i < count; i += 2) {
		const word = mixed(seed, (from + i) / 2);
		values[i] = table[word & 0xffff]!;
		values[i + 1] = table[word >>> 16]!;
	}
	return values.subarray(0, count);
}

/** A random word for each index, so that a tensor can be made from anywhere on. */
function mixed(seed: number, index: number): number {
	let x = Math.imul(index + 1, 0x9e3779b1) ^ seed;
	x = Math.imul(x ^ (x >>> 15), 0x85ebca77);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae3d);
	return x ^ (x >>> 16);
}

const tables = new Map<string, Float32Array | Uint16Array>();

/** The 65,536 values that a tensor's elements take, as many as there are half words: uniform, as wide as keeps a signal's size from layer to layer. */
function tableOf(dtype: Dtype, name: string, shape: readonly number[]): Float32Array | Uint16Array {
	const {centre, half} = rangeOf(name, shape);
	const key = `${dtype} ${centre} ${half}`;
	let table = tables.get(key);
	if (!table) {
		const floats = Float32Array.from({length: 65_536}, (_, i) => centre + half * ((i + 0.5) / 32_768 - 1));
		table = dtype === 'F32' ? floats : bf16FromFloats(floats);
		tables.set(key, table);
	}
	return table;
}

function rangeOf(name: string, shape: readonly number[]): {centre: number; half: number} {
	if (/norm\d?\.(alpha|weight)$/.test(name)) return {centre: 1, half: 0.25};
	if (name.endsWith('.scale')) return {centre: 0.3, half: 0.1};
	if (name.endsWith('.cluster_usage')) return {centre: 1.5, half: 0.5};
	if (name.endsWith('.bias')) return {centre: 0, half: 0.05};
	if (/^(text_emb|emb\.\d+)\.|embedding_sum$/.test(name)) return {centre: 0, half: Math.sqrt(3)};
	const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
	return {centre: 0, half: Math.sqrt(3 / fanIn)};
}

/** FNV-1a, 32 bits. */
function hashOf(name: string): number {
	let hash = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash;
}

/** What the last codebook's rows put into the first column of the input: far more than the layers add to it, far less than the sum of all columns. */
const heard = 20;
/** With it, PAD's logit is some ±25, where the largest of thousands of random ones is about 4. */
const headWeight = 8;

/** The first column of the input is the lowest bit of the last code, as ±`heard`, and that column is all that PAD's row of the text head looks at. */
function paddingWeights(config: KyutaiConfig): Special {
	const {dim, n_q: codebooks, existing_text_padding_id: padding} = config;
	return (name, set, {from, to}) => {
		if (/^(text_emb|emb\.\d+)\.weight$/.test(name)) {
			const isLast = name === `emb.${codebooks - 1}.weight`;
			for (let row = Math.ceil(from / dim); row * dim < to; row++) {
				const isHeard = isLast && row < config.card;
				set(row * dim, isHeard ? (row % 2 === 1 ? heard : -heard) : 0);
			}
		}
		if (name === 'text_linear.weight') {
			for (let i = Math.max(from, padding * dim); i < Math.min(to, (padding + 1) * dim); i++) {
				set(i, i === padding * dim ? headWeight : 0);
			}
		}
	};
}

/** A SentencePiece model with `count` pieces: unknown, three control pieces, then made-up words. */
function tokenizerOf(count: number): Uint8Array {
	const pieces = Array.from({length: count}, (_, id) => {
		const text = Buffer.from(id < 4 ? ['<unk>', '<s>', '</s>', '<pad>'][id]! : `▁w${id.toString(36)}`);
		const piece = [0x0a, text.length, ...text, 0x15, 0, 0, 0, 0, 0x18, id === 0 ? 2 : id < 4 ? 3 : 1];
		return Uint8Array.of(0x0a, piece.length, ...piece);
	});
	return Buffer.concat(pieces);
}
