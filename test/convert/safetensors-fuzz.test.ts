import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ConvertError} from '../../src/convert/convert-error.js';
import {Safetensors} from '../../src/convert/safetensors.js';
import {encodeSafetensors, withHeader} from './encode-safetensors.js';
import {memorySource} from './memory-source.js';
import {createRandom} from './random.js';

const seed = Number(process.env.SEED ?? 20_261_123);
const inputs = 20_000;

const original = encodeSafetensors({
	'text_emb.weight': {dtype: 'BF16', shape: [40, 30], bytes: new Uint8Array(2400).fill(0x3f)},
	'norm.alpha': {dtype: 'F32', shape: [1, 1, 3], bytes: new Uint8Array(12).fill(0x40)},
	ids: {dtype: 'I64', shape: [2], bytes: new Uint8Array(16).fill(1)},
	half: {dtype: 'F16', shape: [5], bytes: new Uint8Array(10).fill(2)},
	mask: {dtype: 'BOOL', shape: [2, 0], bytes: new Uint8Array(0)},
});
const headerEnd = 8 + Number(new DataView(original.buffer).getBigUint64(0, true));
const header = new TextDecoder().decode(original.subarray(8, headerEnd));
const data = original.subarray(headerEnd);

/** What a number, string or list in the header is replaced by. */
const hostileTokens = [
	...[
		'0',
		'1',
		'-1',
		'2',
		'24',
		'0.5',
		'1e308',
		'-0',
		'9007199254740991',
		'9007199254740993',
		'4294967296',
		'2147483647',
	],
	...[
		'null',
		'true',
		'""',
		'"F32"',
		'"BF16"',
		'"I64"',
		'"BOOL"',
		'"__proto__"',
		'"constructor"',
		'"\\ud800"',
		'"\\u0000"',
	],
	...['[]', '{}', '[0,0]', '[0,9007199254740991]', '[4294967296,4294967296]', `${'['.repeat(5000)}${']'.repeat(5000)}`],
];
const hostileLengths = [
	0n,
	1n,
	7n,
	8n,
	99_999_999n,
	100_000_000n,
	2n ** 31n,
	2n ** 32n,
	2n ** 53n,
	2n ** 63n,
	2n ** 64n - 1n,
];

type Random = () => number;
const below = (random: Random, end: number) => Math.floor(random() * end);
const pick = <Item>(random: Random, items: readonly Item[]) => items[below(random, items.length)]!;

const mutations: ((random: Random, bytes: Uint8Array) => Uint8Array)[] = [
	function flipBits(random, bytes) {
		const flipped = Uint8Array.from(bytes);
		for (let i = below(random, 4); i >= 0; i--) flipped[below(random, flipped.length)]! ^= 1 << below(random, 8);
		return flipped;
	},
	function setHeaderBytes(random, bytes) {
		const changed = Uint8Array.from(bytes);
		for (let i = below(random, 3); i >= 0; i--) changed[below(random, headerEnd)] = 32 + below(random, 96);
		return changed;
	},
	(random, bytes) => bytes.slice(0, below(random, bytes.length)),
	(random, bytes) => Buffer.concat([bytes, new Uint8Array(1 + below(random, 64))]),
	function cutOut(random, bytes) {
		const from = below(random, bytes.length);
		return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(random, 40))]);
	},
	function repeatPart(random, bytes) {
		const from = below(random, bytes.length);
		return Buffer.concat([bytes.subarray(0, from + below(random, 40)), bytes.subarray(from)]);
	},
	function setLength(random, bytes) {
		const changed = Uint8Array.from(bytes);
		new DataView(changed.buffer).setBigUint64(0, pick(random, hostileLengths), true);
		return changed;
	},
	// The length stays right, so that these reach past the first check.
	function replaceTokens(random) {
		let text = header;
		for (let i = below(random, 3); i >= 0; i--) text = replaceOne(random, text, /-?\d+|"[^"]*"|\[[^[\]]*\]/g);
		return withHeader(text, data);
	},
	function replaceNumbers(random) {
		let text = header;
		for (let i = below(random, 3); i >= 0; i--) {
			text = replaceOne(random, text, /\d+/g, String(below(random, 70)));
		}
		return withHeader(text, data);
	},
	(random, bytes) => Uint8Array.from({length: below(random, bytes.length)}, () => below(random, 256)),
];

function replaceOne(random: Random, text: string, pattern: RegExp, by = pick(random, hostileTokens)): string {
	const found = [...text.matchAll(pattern)];
	if (found.length === 0) return text;
	const {index, 0: token} = pick(random, found);
	return text.slice(0, index) + by + text.slice(index + token.length);
}

test(`${inputs} damaged files are refused in words or read whole (SEED=${seed})`, async t => {
	const random = createRandom(seed);
	let refused = 0;
	for (let i = 0; i < inputs; i++) {
		let bytes: Uint8Array = original;
		for (let round = below(random, 2); round >= 0; round--) {
			if (bytes.length > headerEnd) bytes = pick(random, mutations)(random, bytes);
		}
		try {
			await readEverything(bytes);
		} catch (error) {
			if (!(error instanceof ConvertError)) throw new Error(`Input ${i} of SEED=${seed}`, {cause: error});
			assert.ok(error.message.length < 500 && !/\p{Cc}/u.test(error.message), error.message);
			refused++;
		}
	}
	t.diagnostic(`SEED=${seed}: ${refused} refused, ${inputs - refused} read`);
	assert.ok(
		refused > inputs / 2 && refused < inputs * 0.99,
		'The damage should be caught often, but not always at the door.',
	);
});

/** Reads all that `bytes` claims to hold. What is allocated follows what is read, which the source bounds by the file. */
async function readEverything(bytes: Uint8Array): Promise<void> {
	const file = await Safetensors.open(memorySource(bytes), 'fuzzed.safetensors');
	for (const {name, dtype, shape} of file.tensors.values()) {
		const raw = await file.readBytes(name);
		if (dtype === 'I64') await file.readInt64s(name);
		else if (['F32', 'F16', 'BF16'].includes(dtype)) await file.readFloats(name);
		const rows = shape[0] ?? 1;
		const lastRow = await file.readBytes(name, {from: Math.max(0, rows - 1), to: rows});
		assert.deepEqual(lastRow, raw.subarray(raw.length - lastRow.length));
	}
}
