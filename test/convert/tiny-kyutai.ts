import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {bf16FromFloats, floatsFromBf16} from '../../src/convert/half-floats.js';
import {encodeSafetensors, type TensorData} from './encode-safetensors.js';
import {createRandom} from './random.js';
import {tinyLmConfig, tinyLmTensors} from './tiny-lm.js';
import {tinyMimiKeys, tinyMimiTensors} from './tiny-mimi.js';
import {unfoldWeights} from './unfold-weights.js';

type Tensors = Record<string, TensorData>;

/** How a tiny checkpoint is written; by default as `kyutai/stt-1b-en_fr-candle` is, but in F32. */
export type TinyKyutaiOptions = {
	/** `old`: in_proj_weight, out_proj.weight; `new`: in_projs.0.weight, out_projs.0.weight. */
	names?: 'old' | 'new';
	/** Whether Mimi's weight normalisation is folded. */
	isFolded?: boolean;
	/** Whether the file has the VAD heads; `config.json` mentions them where it has. */
	hasHeads?: boolean;
	/** Decoder weights; `rounded`: F32 with the values of BF16. */
	dtype?: 'F32' | 'BF16' | 'rounded';
	/** Keys of `config.json` that differ. */
	config?: Record<string, unknown>;
	/** Changes the decoder's or Mimi's tensors. */
	lm?: (tensors: Tensors) => Tensors;
	mimi?: (tensors: Tensors) => Tensors;
};

const mimiName = 'mimi-pytorch-e351c8d8@125.safetensors';
const tokenizerName = 'tokenizer_en_fr_audio_48.model';

/** Writes a checkpoint of the tiny LM behind the tiny Mimi, which speak the same codes, into `folder`, which is created. */
export async function writeTinyKyutai(folder: string, options: TinyKyutaiOptions = {}): Promise<void> {
	const {names = 'old', isFolded = true, hasHeads = true, dtype = 'F32', config, lm = same, mimi = same} = options;
	await mkdir(folder, {recursive: true});
	const keys = {
		...tinyLmConfig,
		moshi_name: 'model.safetensors',
		mimi_name: mimiName,
		tokenizer_name: tokenizerName,
		mimi: tinyMimiKeys,
		...(hasHeads ? {} : {extra_heads_num_heads: undefined}),
		...config,
	};
	let lmTensors = tinyLmTensors();
	if (!hasHeads) {
		lmTensors = Object.fromEntries(Object.entries(lmTensors).filter(([name]) => !name.startsWith('extra_heads.')));
	}
	if (dtype !== 'F32') lmTensors = mapTensors(lmTensors, tensor => inBf16(tensor, dtype === 'rounded'));
	const mimiTensors = isFolded ? tinyMimiTensors() : unfoldWeights(tinyMimiTensors());
	const named = names === 'old' ? same : withNewNames;
	const write = (name: string, data: string | Uint8Array) => writeFile(path.join(folder, name), data);
	await write('config.json', JSON.stringify(keys));
	await write('model.safetensors', encodeSafetensors(lm(named(lmTensors))));
	await write(mimiName, encodeSafetensors(mimi(named(mimiTensors))));
	await write(tokenizerName, encodeTokenizer(tinyPieces));
}

/** Pieces of the tiny tokenizer in id order: four without spelling, then syllables, of which every second one opens a word, in random order. */
export const tinyPieces: readonly string[] = randomPieces();

function randomPieces(): string[] {
	const random = createRandom(5);
	const pick = (letters: string) => letters[Math.floor(random() * letters.length)]!;
	const syllables = Array.from({length: tinyLmConfig.text_card - 4}, () => pick('bdfklmnprst') + pick('aeiouéô'));
	return ['<unk>', '<s>', '</s>', '<pad>', ...syllables.map(text => (random() < 0.5 ? `▁${text}` : text))];
}

/** A SentencePiece model of `pieces`: the first is unknown, the next three are control pieces. */
function encodeTokenizer(pieces: readonly string[]): Uint8Array {
	return Buffer.concat(
		pieces.map((text, id) => {
			const spelling = new TextEncoder().encode(text);
			const type = id === 0 ? 2 : id < 4 ? 3 : 1;
			const piece = [0x0a, spelling.length, ...spelling, 0x15, 0, 0, 0, 0, 0x18, type];
			return Uint8Array.of(0x0a, piece.length, ...piece);
		}),
	);
}

const same = (tensors: Tensors) => tensors;

const withNewNames = (tensors: Tensors): Tensors =>
	Object.fromEntries(
		Object.entries(tensors).map(([name, tensor]) => [
			name.replace(/in_proj_weight$/, 'in_projs.0.weight').replace(/out_proj\.weight$/, 'out_projs.0.weight'),
			tensor,
		]),
	);

const mapTensors = (tensors: Tensors, change: (tensor: TensorData) => TensorData): Tensors =>
	Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));

function inBf16(tensor: TensorData, isWidened: boolean): TensorData {
	const words = bf16FromFloats(new Float32Array(tensor.bytes.slice().buffer));
	if (!isWidened) return {...tensor, dtype: 'BF16', bytes: new Uint8Array(words.buffer)};
	const floats = new Float32Array(words.length);
	floatsFromBf16(words, floats);
	return {...tensor, bytes: new Uint8Array(floats.buffer)};
}
