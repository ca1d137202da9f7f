import assert from 'node:assert/strict';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {type LmConfig, lmConfig} from '../../src/convert/checkpoint-config.js';
import {ConvertError, type ConvertErrorCode} from '../../src/convert/convert-error.js';
import type {Scheme} from '../../src/convert/linear.js';
import {convertLm, type LmConversion} from '../../src/convert/lm-graph.js';
import {openSafetensors} from '../../src/convert/safetensors.js';
import {type Attention, splitAttention} from '../../src/convert/split-attention.js';
import {assertClose, largestDifference} from './close.js';
import {encodeSafetensors, type TensorData} from './encode-safetensors.js';
import {LmRunner, type Position} from './run-lm.js';
import {temporaryFolder} from './temporary-folder.js';
import {hashOf, tinyLmCodes, tinyLmConfig, tinyLmTensors, tinyLmTokens} from './tiny-lm.js';

type Tensors = Record<string, TensorData>;
type Changes = {
	tensors?: (tensors: Tensors) => Tensors;
	config?: Partial<Record<keyof LmConfig, unknown>>;
	scheme?: Scheme;
	conversion?: Partial<LmConversion>;
};

/** Converts the tiny LM, with `changes`, and opens the result. */
async function openTinyLm(t: TestContext, changes: Changes = {}): Promise<LmRunner> {
	const folder = await temporaryFolder(t);
	const file = path.join(folder, 'model.safetensors');
	await writeFile(file, encodeSafetensors((changes.tensors ?? (tensors => tensors))(tinyLmTensors())));
	const checkpoint = await openSafetensors(file);
	t.after(() => checkpoint.close());
	const config = lmConfig.parse({...tinyLmConfig, ...changes.config});
	const before = await readdir(folder);
	const shape = await convertLm(folder, {
		checkpoint,
		config,
		scheme: changes.scheme ?? 'fp32',
		takesFeatures: false,
		...changes.conversion,
	}).catch(async error => {
		if (error instanceof ConvertError)
			assert.deepEqual(await readdir(folder), before, 'Something was written before the refusal.');
		throw error;
	});
	const lm = await LmRunner.open(folder, shape);
	t.after(() => lm.close());
	return lm;
}

/** Inputs of position `n` after `token`. */
const positionOf = (n: number, token: number): Position => {
	const {card, n_q: codebooks, text_card: textCard} = tinyLmConfig;
	const codes = n === 0 ? Array<number>(codebooks).fill(card) : tinyLmCodes(n - 1);
	return {idx: [token, ...codes.map((code, q) => textCard + 1 + q * (card + 1) + code)]};
};

/** Inputs of positions 0 … 40, with the expected tokens fed back. */
const teacher = tinyLmTokens.map((_, n) => positionOf(n, n === 0 ? tinyLmConfig.text_card : tinyLmTokens[n - 1]!));

/** Logits [41, vocabulary] of the teacher's positions, T a call. */
async function teacherForced(lm: LmRunner, T: number): Promise<Float32Array> {
	const logits: number[] = [];
	for (let n = 0; n < teacher.length; n += T) logits.push(...(await lm.run(teacher.slice(n, n + T))).logits);
	return Float32Array.from(logits);
}

const argmax = (logits: Float32Array) => logits.indexOf(Math.max(...logits));

test('the weight generator is the one that the expected values were made with', () => {
	assert.equal(hashOf('emb.0.weight'), 0xf59aa229);
	const first = new Float32Array(tinyLmTensors()['emb.0.weight']!.bytes.buffer, 0, 3);
	assertClose(first, [0.35380706, -0.76038021, 1.08107328], 1e-8);
});

// position: logits[0..4], largest logit, class 0 of each VAD head (specs: kyutai-stt §9.1)
const expected: Record<number, [logits: number[], max: number, vad: number[]]> = {
	0: [[-0.78373, -1.08477, 0.72074, 0.13094, 0.32331], 2.26828, [0.35075, 0.22517, 0.05303, 0.3336]],
	1: [[0.00113, -1.37151, -0.59594, -0.17366, 0.95057], 1.98752, [0.30187, 0.09445, 0.14597, 0.31724]],
	15: [[-0.893, 0.61736, 0.5519, 0.84653, -0.22211], 2.20283, [0.08977, 0.03894, 0.36586, 0.01225]],
	16: [[-0.45717, -1.24273, -1.44384, 1.53398, 0.66242], 1.58481, [0.13505, 0.05245, 0.0448, 0.07221]],
	17: [[-1.62541, -1.17474, 1.32904, 0.42742, 0.84248], 2.74675, [0.23259, 0.01557, 0.04268, 0.2343]],
	40: [[-1.37201, 0.7553, -0.02529, 0.41212, 1.27165], 2.05278, [0.15047, 0.15079, 0.06005, 0.23792]],
};

test('greedy tokens, logits and VAD are those of the official code, past the wrap of the window', async t => {
	const lm = await openTinyLm(t);
	const tokens: number[] = [];
	for (let n = 0; n < tinyLmTokens.length; n++) {
		const {logits, vad} = await lm.run([positionOf(n, tokens.at(-1) ?? tinyLmConfig.text_card)]);
		tokens.push(argmax(logits));
		const row = expected[n];
		if (!row) continue;
		assertClose(logits.subarray(0, 5), row[0], 2e-5, `logits of position ${n}`);
		assertClose([Math.max(...logits)], [row[1]], 2e-5, `largest logit of position ${n}`);
		const firstClasses = [0, 6, 12, 18].map(i => vad![i]!);
		assertClose(firstClasses, row[2], 2e-5, `VAD of position ${n}`);
	}
	assert.deepEqual(tokens, tinyLmTokens);
});

for (const T of [4, 13, 15]) {
	test(`${T} positions a call give the logits of one`, async t => {
		const one = await teacherForced(await openTinyLm(t), 1);
		const several = await teacherForced(await openTinyLm(t), T);
		assertClose(several, one, 2e-6);
	});
}

test('more positions than the window holds may come in one call', async t => {
	const one = await teacherForced(await openTinyLm(t), 1);
	assertClose(await teacherForced(await openTinyLm(t), 41), one, 2e-6);
});

test('the graph takes and gives what its contract says', async t => {
	const lm = await openTinyLm(t);
	const layers = ['0', '1'];
	assert.deepEqual(
		[...lm.inputNames].sort(),
		[
			'cos',
			'idx',
			'new_mask',
			'past_mask',
			'rope_idx',
			'sin',
			...layers.flatMap(l => [`past_k${l}`, `past_v${l}`]),
		].sort(),
	);
	assert.deepEqual(
		[...lm.outputNames].sort(),
		['logits', 'vad', ...layers.flatMap(l => [`new_k${l}`, `new_v${l}`])].sort(),
	);
});

const renamed = (from: RegExp, to: string) => (tensors: Tensors) =>
	Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.replace(from, to), tensor]));

for (const [title, from, to] of [
	['in_proj.weight', /in_proj_weight$/, 'in_proj.weight'],
	['in_projs.0.weight', /in_proj_weight$/, 'in_projs.0.weight'],
	['out_projs.0.weight', /out_proj\.weight$/, 'out_projs.0.weight'],
] as const) {
	test(`attention weights may be called ${title}`, async t => {
		const logits = await teacherForced(await openTinyLm(t, {tensors: renamed(from, to)}), 8);
		assert.deepEqual(logits, await teacherForced(await openTinyLm(t), 8));
	});
}

test('tensors that the decoder does not use are left alone', async t => {
	const lm = await openTinyLm(t, {
		tensors: tensors => ({
			...tensors,
			'depformer.layers.0.norm1.alpha': {dtype: 'F64', shape: [1], bytes: new Uint8Array(8)},
			'linears.0.weight': {dtype: 'F32', shape: [1], bytes: new Uint8Array(4)},
			'condition_provider.conditioners.x.embed.weight': {dtype: 'U8', shape: [1], bytes: new Uint8Array(1)},
		}),
	});
	assert.equal(argmax((await lm.run(teacher.slice(0, 1))).logits), tinyLmTokens[0]);
});

test('without extra heads there is no VAD output', async t => {
	const lm = await openTinyLm(t, {config: {extra_heads_num_heads: 0}});
	assert.equal(lm.outputNames.includes('vad'), false);
	assert.equal(argmax((await lm.run(teacher.slice(0, 1))).logits), tinyLmTokens[0]);
});

test('features are added to the input embedding', async t => {
	const features = new Float32Array(
		tinyLmTensors()['emb.3.weight']!.bytes.buffer,
		tinyLmConfig.card * tinyLmConfig.dim * 4,
		tinyLmConfig.dim,
	);
	const withThree = await openTinyLm(t, {config: {n_q: 3}, conversion: {takesFeatures: true}});
	const {logits} = await withThree.run([{idx: teacher[0]!.idx.slice(0, 4), features}]);
	assertClose(logits, (await (await openTinyLm(t)).run(teacher.slice(0, 1))).logits, 2e-6);
});

test('another attention may take the place of the split one', async t => {
	const seen: number[] = [];
	const attention: Attention = (graph, config) => {
		const attend = splitAttention(graph, config);
		return heads => {
			seen.push(heads.layer);
			return attend(heads);
		};
	};
	await openTinyLm(t, {conversion: {attention}});
	assert.deepEqual(seen, [0, 1]);
});

// How far the schemes are from fp32 on random weights, whose logits have a deviation of about 1: twice what was measured (8-bit 0.043, 4-bit 0.26).
for (const [scheme, bound] of [
	['8-bit', 0.09],
	['4-bit', 0.5],
] as const) {
	test(`${scheme} logits are near those of fp32`, async t => {
		const exact = await teacherForced(await openTinyLm(t), 8);
		const quantised = await teacherForced(await openTinyLm(t, {scheme}), 8);
		const difference = largestDifference(quantised, exact);
		t.diagnostic(`largest difference ${difference}`);
		assert.ok(difference > 0 && difference < bound, `${difference}`);
	});
}

const without = (name: string) => (tensors: Tensors) =>
	Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));
const changed = (name: string, change: Partial<TensorData>) => (tensors: Tensors) => ({
	...tensors,
	[name]: {...tensors[name]!, ...change},
});

const refuses = (title: string, changes: Changes, code: ConvertErrorCode, message: RegExp) =>
	test(`refused: ${title}`, async t => {
		await assert.rejects(openTinyLm(t, changes), (error: ConvertError) => {
			assert.equal(error.name, 'ConvertError', String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			return true;
		});
	});

refuses(
	'a missing tensor',
	{tensors: without('transformer.layers.1.norm2.alpha')},
	'missing-tensor',
	/lacks the tensor "transformer.layers.1.norm2.alpha"/,
);
refuses(
	'a tensor of the wrong shape',
	{tensors: changed('transformer.layers.0.gating.linear_out.weight', {shape: [hiddenOf(), 64]})},
	'wrong-shape',
	/linear_out.weight should be \[64,176\] and is \[176,64\]/,
);
refuses(
	'a tensor of the wrong dtype',
	{tensors: changed('text_linear.weight', {dtype: 'I32'})},
	'wrong-dtype',
	/text_linear.weight should be BF16, F16 or F32 and is I32/,
);
refuses(
	'layers of different width',
	{config: {ffn_hidden: 175}},
	'wrong-shape',
	/should be \[350,64\] and is \[352,64\]/,
);
refuses('heads that dim cannot be split into', {config: {num_heads: 5}}, 'bad-config', /64 cannot be split into 5/);
refuses('codebooks without a card', {config: {card: undefined}}, 'bad-config', /no card/);

function hiddenOf(): number {
	return tinyLmTensors()['transformer.layers.0.gating.linear_out.weight']!.shape[1]!;
}

test('a conversion that is ended by its progress report stops there', async t => {
	const reported: number[] = [];
	const onProgress = (done: number) => {
		reported.push(done);
		if (done === 2) throw new Error('enough');
	};
	await assert.rejects(openTinyLm(t, {conversion: {onProgress}}), /enough/);
	assert.deepEqual(reported, [1, 2]);
});

test('a graph names its weights file without a folder', async t => {
	const folder = await temporaryFolder(t);
	const file = path.join(folder, 'model.safetensors');
	await writeFile(file, encodeSafetensors(tinyLmTensors()));
	const checkpoint = await openSafetensors(file);
	t.after(() => checkpoint.close());
	await convertLm(folder, {checkpoint, config: lmConfig.parse(tinyLmConfig), scheme: 'fp32', takesFeatures: false});
	const bytes = await readFile(path.join(folder, 'lm.onnx'));
	assert.ok(bytes.includes('lm.weights') && !bytes.includes(folder));
});
