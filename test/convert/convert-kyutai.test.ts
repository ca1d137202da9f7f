import assert from 'node:assert/strict';
import {readdir, readFile, rm, truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import type {ConvertError} from '../../src/convert/convert-error.js';
import {convertKyutai, type KyutaiOptions} from '../../src/convert/convert-kyutai.js';
import {type ModelManifest, readModelPackage} from '../../src/engine/model-package.js';
import type {TensorData} from './encode-safetensors.js';
import {temporaryFolder} from './temporary-folder.js';
import {type TinyKyutaiOptions, writeTinyKyutai} from './tiny-kyutai.js';

const options = {
	scheme: 'fp32',
	id: 'tiny',
	name: 'Tiny',
	licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
	source: {description: 'a test'},
} satisfies KyutaiOptions;

const mimiName = 'mimi-pytorch-e351c8d8@125.safetensors';

/** Converts a tiny checkpoint and checks the package to the last byte. */
async function convert(t: TestContext, written: TinyKyutaiOptions = {}, changes: Partial<KyutaiOptions> = {}) {
	const folder = await temporaryFolder(t);
	const checkpoint = path.join(folder, 'checkpoint');
	const target = path.join(folder, 'packages', 'tiny');
	await writeTinyKyutai(checkpoint, written);
	await convertKyutai(checkpoint, target, {...options, ...changes});
	return {checkpoint, target, manifest: await readModelPackage(target)};
}

for (const scheme of ['fp32', '8-bit', '4-bit'] as const) {
	test(`a ${scheme} package says what its checkpoint says`, async t => {
		const {target, manifest} = await convert(t, {}, {scheme});
		assert.equal(manifest.quantisation, scheme);
		assert.deepEqual(
			manifest.files.map(({name}) => name),
			['frontend.onnx', 'frontend.weights', 'lm.onnx', 'lm.weights', 'tokenizer_en_fr_audio_48.model'],
		);
		assert.deepEqual((await readdir(target)).length, manifest.files.length + 1);
		assert.deepEqual(manifest.languages, ['en', 'fr']);
		assert.deepEqual([manifest.sampleRate, manifest.frameSamples], [24_000, 1920]);
		assert.deepEqual([manifest.delayMs, manifest.silencePrefixMs], [500, 0]);
		assert.deepEqual(manifest.tokens, {start: 48, padding: 3, endOfPadding: 0});
		assert.deepEqual(manifest.lm.vad, {heads: 4, classes: 6, usable: true});
		assert.deepEqual([manifest.lm.codebooks, manifest.lm.codebookRows, manifest.lm.takesFeatures], [4, 33, false]);
		assert.equal(manifest.frontend.type, 'mimi');
	});
}

const hashes = ({files}: ModelManifest) => Object.fromEntries(files.map(({name, sha256}) => [name, sha256]));

test('old and new attention names give the same package', async t => {
	const old = await convert(t, {names: 'old'});
	assert.deepEqual(hashes((await convert(t, {names: 'new'})).manifest), hashes(old.manifest));
});

test('BF16 gives the package of the same values in F32', async t => {
	const widened = hashes((await convert(t, {dtype: 'rounded'})).manifest);
	assert.deepEqual(hashes((await convert(t, {dtype: 'BF16'})).manifest), widened);
	assert.notEqual(hashes((await convert(t)).manifest)['lm.weights'], widened['lm.weights']);
});

test('without extra heads there is no VAD', async t => {
	const {manifest} = await convert(t, {hasHeads: false});
	assert.deepEqual(manifest.lm.vad, {heads: 0, classes: 0, usable: false});
});

test('extra heads that the configuration does not mention are found', async t => {
	const {manifest} = await convert(t, {config: {extra_heads_num_heads: undefined, extra_heads_dim: undefined}});
	assert.deepEqual(manifest.lm.vad, {heads: 4, classes: 6, usable: true});
});

test('the languages are those of the caller, where the tokenizer does not tell', async t => {
	assert.deepEqual((await convert(t, {}, {languages: ['de']})).manifest.languages, ['de']);
});

test('parts of other Kyutai models are left alone', async t => {
	const other: TensorData = {dtype: 'I64', shape: [1], bytes: new Uint8Array(8)};
	const lm = (tensors: Record<string, TensorData>) => ({
		...tensors,
		'depformer.layers.0.norm1.alpha': other,
		'linears.0.weight': other,
		'condition_provider.x': other,
	});
	const plain = hashes((await convert(t)).manifest);
	assert.deepEqual(hashes((await convert(t, {lm})).manifest), plain);
});

test('progress goes from 0 to 1', async t => {
	const reported: number[] = [];
	await convert(t, {}, {onProgress: fraction => reported.push(fraction)});
	assert.equal(reported[0], 0);
	assert.equal(reported.at(-1), 1);
	assert.ok(reported.length > 6);
	assert.deepEqual(
		reported,
		[...reported].sort((a, b) => a - b),
	);
});

for (const stopAt of [0, 0.05, 0.3]) {
	test(`a conversion that is broken off at ${stopAt} leaves nothing, and can be run again`, async t => {
		const folder = await temporaryFolder(t);
		const [checkpoint, parent] = [path.join(folder, 'checkpoint'), path.join(folder, 'packages')];
		await writeTinyKyutai(checkpoint);
		const controller = new AbortController();
		const onProgress = (fraction: number) => {
			if (fraction >= stopAt) controller.abort(new Error('enough'));
		};
		const target = path.join(parent, 'tiny');
		await assert.rejects(
			convertKyutai(checkpoint, target, {...options, signal: controller.signal, onProgress}),
			/enough/,
		);
		assert.deepEqual(await readdir(parent), []);
		await convertKyutai(checkpoint, target, options);
		await readModelPackage(target);
	});
}

const refuses = (
	title: string,
	written: TinyKyutaiOptions,
	damage: (checkpoint: string) => Promise<unknown>,
	code: ConvertError['code'],
	message: RegExp,
) =>
	test(`refused, with nothing written: ${title}`, async t => {
		const folder = await temporaryFolder(t);
		const checkpoint = path.join(folder, 'checkpoint');
		await writeTinyKyutai(checkpoint, written);
		await damage(checkpoint);
		await assert.rejects(convertKyutai(checkpoint, path.join(folder, 'package'), options), (error: ConvertError) => {
			assert.equal(error.name, 'ConvertError', String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			return true;
		});
		assert.deepEqual(await readdir(folder), ['checkpoint']);
	});

const asItIs = async () => {};
const tensor = (dtype: string, shape: number[], bytes: number): TensorData => ({
	dtype,
	shape,
	bytes: new Uint8Array(bytes),
});
const withTensor = (name: string, data: TensorData) => (tensors: Record<string, TensorData>) => ({
	...tensors,
	[name]: data,
});
const without = (name: string) => (tensors: Record<string, TensorData>) =>
	Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));

refuses(
	'a truncated decoder, by the tensor in which it ends',
	{},
	checkpoint => truncate(path.join(checkpoint, 'model.safetensors'), 200_000),
	'truncated',
	/model\.safetensors ends inside the tensor "transformer\.layers\.0/,
);
refuses(
	'a truncated Mimi, by the tensor in which it ends',
	{},
	checkpoint => truncate(path.join(checkpoint, mimiName), 50_000),
	'truncated',
	/@125\.safetensors ends inside the tensor "encoder/,
);
refuses(
	'a missing Mimi',
	{},
	checkpoint => rm(path.join(checkpoint, mimiName)),
	'bad-file',
	/@125\.safetensors cannot be opened \(ENOENT\)/,
);
refuses(
	'a decoder without one of its tensors',
	{lm: without('emb.3.weight')},
	asItIs,
	'missing-tensor',
	/lacks the tensor "emb\.3\.weight"/,
);
refuses(
	'a Mimi without one of its tensors',
	{mimi: without('quantizer.rvq_rest.input_proj.weight')},
	asItIs,
	'missing-tensor',
	/lacks the tensor "quantizer\.rvq_rest\.input_proj\.weight"/,
);
refuses(
	'heads that are announced and not there',
	{hasHeads: false, config: {extra_heads_num_heads: 4}},
	asItIs,
	'missing-tensor',
	/lacks the tensor "extra_heads\.0\.weight"/,
);
refuses(
	'a layer more than the configuration has',
	{lm: withTensor('transformer.layers.2.norm1.alpha', tensor('F32', [1, 1, 64], 256))},
	asItIs,
	'unknown-tensor',
	/the tensor "transformer\.layers\.2\.norm1\.alpha" is not known/,
);
refuses(
	'a bias that the graph would leave out',
	{lm: withTensor('text_linear.bias', tensor('F32', [48], 192))},
	asItIs,
	'unknown-tensor',
	/"text_linear\.bias" is not known/,
);
refuses(
	'an adapter in Mimi',
	{
		mimi: withTensor(
			'encoder_transformer.transformer.layers.0.self_attn.in_proj.lora_A.weight',
			tensor('F32', [1, 32], 128),
		),
	},
	asItIs,
	'unknown-tensor',
	/lora_A\.weight" is not known/,
);
refuses(
	'the weights of another framework, quantised',
	{lm: withTensor('transformer.layers.0.gating.linear_in.weight', tensor('U32', [352, 8], 11_264))},
	asItIs,
	'wrong-dtype',
	/linear_in\.weight should be BF16, F16 or F32 and is U32/,
);
refuses('a model that speaks', {config: {dep_q: 8}}, asItIs, 'bad-config', /config\.json: dep_q: /);
refuses(
	'codes that Mimi does not give',
	{config: {card: 64}},
	asItIs,
	'bad-config',
	/config\.json: card: should be the number of bins/,
);
refuses('a configuration without Mimi', {config: {mimi_name: undefined}}, asItIs, 'bad-config', /mimi_name/);
refuses(
	'a file name that leaves the folder',
	{config: {moshi_name: '../model.safetensors'}},
	asItIs,
	'bad-config',
	/moshi_name/,
);
refuses(
	'a tokenizer that is none',
	{},
	checkpoint => writeFile(path.join(checkpoint, 'tokenizer_en_fr_audio_48.model'), 'version https://git-lfs\n'),
	'bad-file',
	/tokenizer_en_fr_audio_48\.model: The tokenizer should be a SentencePiece model/,
);
refuses(
	'the pointer that a hub leaves in place of a large file',
	{},
	checkpoint => writeFile(path.join(checkpoint, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1\n'),
	'bad-file',
	/model\.safetensors is no safetensors file/,
);

test('an older package is replaced when that is asked for, and only then', async t => {
	const {checkpoint, target} = await convert(t, {}, {scheme: '8-bit'});
	const before = await readFile(path.join(target, 'model.json'));
	await assert.rejects(convertKyutai(checkpoint, target, options), {name: 'ConvertError', code: 'exists'});
	assert.deepEqual(await readFile(path.join(target, 'model.json')), before);
	await convertKyutai(checkpoint, target, {...options, replace: true});
	assert.equal((await readModelPackage(target)).quantisation, 'fp32');
});
