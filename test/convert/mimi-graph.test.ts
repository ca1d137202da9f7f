import assert from 'node:assert/strict';
import {readdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {type MimiConfig, mimiConfig} from '../../src/convert/checkpoint-config.js';
import {ConvertError, type ConvertErrorCode} from '../../src/convert/convert-error.js';
import {convertMimi, type MimiConversion} from '../../src/convert/mimi-graph.js';
import {openSafetensors} from '../../src/convert/safetensors.js';
import {assertClose} from './close.js';
import {encodeSafetensors, type TensorData} from './encode-safetensors.js';
import {MimiRunner} from './run-mimi.js';
import {temporaryFolder} from './temporary-folder.js';
import {
	tinyMimiCodebooks,
	tinyMimiCodes,
	tinyMimiConfig,
	tinyMimiKeys,
	tinyMimiPcm,
	tinyMimiTensors,
} from './tiny-mimi.js';
import {unfoldWeights} from './unfold-weights.js';

// Expected values: specs kyutai-stt §9.2, computed by the official PyTorch code, frame by frame.

type Tensors = Record<string, TensorData>;
type Changes = {
	tensors?: (tensors: Tensors) => Tensors;
	config?: MimiConfig;
	conversion?: Partial<MimiConversion>;
};

/** Converts the tiny Mimi, with `changes`, and opens the result. */
async function openTinyMimi(t: TestContext, changes: Changes = {}): Promise<MimiRunner> {
	const {tensors = same => same, config = tinyMimiConfig, conversion} = changes;
	const folder = await temporaryFolder(t);
	const file = path.join(folder, 'mimi.safetensors');
	await writeFile(file, encodeSafetensors(tensors(tinyMimiTensors())));
	const checkpoint = await openSafetensors(file);
	t.after(() => checkpoint.close());
	const before = await readdir(folder);
	const shape = await convertMimi(folder, {
		checkpoint,
		config,
		codebooks: tinyMimiCodebooks,
		tapLatents: true,
		...conversion,
	}).catch(async error => {
		if (error instanceof ConvertError)
			assert.deepEqual(await readdir(folder), before, 'Something was written before the refusal.');
		throw error;
	});
	const mimi = await MimiRunner.open(folder, shape);
	t.after(() => mimi.session.release());
	return mimi;
}

const pcm = tinyMimiPcm();
const dim = tinyMimiConfig.dimension;

/** Codes and latents of the 12 frames; call n takes `framesOf(n)` frames. */
async function encode(mimi: MimiRunner, framesOf: (call: number) => number) {
	const codes: number[] = [];
	const latents: number[] = [];
	let call = 0;
	for (let f = 0; f < 12; ) {
		const frames = Math.min(framesOf(call++), 12 - f);
		const rows = await mimi.run(pcm.slice(f * 1920, (f + frames) * 1920));
		codes.push(...rows.codes);
		latents.push(...(rows.latents ?? []));
		f += frames;
	}
	return {codes, latents};
}

const expectedLatents: Record<number, number[]> = {
	0: [0.30036, 4.45285, 0.73349, 0.49024],
	1: [0.61054, 1.25736, -0.09785, 1.39332],
	3: [-0.5814, 2.51605, -0.50682, -2.41823],
	4: [-0.01128, -0.24463, 4.64864, 1.23158],
	11: [-2.06518, 0.55979, 3.43228, -2.41155],
};

const mixed = [1, 3, 2, 5, 1];
for (const [title, framesOf] of [
	...[1, 2, 4, 8].map(frames => [`${frames} frames a call`, () => frames] as const),
	['mixed frames a call', (call: number) => mixed[call]!] as const,
]) {
	test(`latents and codes are those of the official code, past the wrap of the window: ${title}`, async t => {
		const {codes, latents} = await encode(await openTinyMimi(t), framesOf);
		assert.deepEqual(codes, tinyMimiCodes.flat());
		for (const [frame, expected] of Object.entries(expectedLatents)) {
			assertClose(latents.slice(Number(frame) * dim, Number(frame) * dim + 4), expected, 2e-5, `frame ${frame}`);
		}
	});
}

test('SEANet and the transformer give the values of the official code', async t => {
	const {seanet, transformer} = await (await openTinyMimi(t)).run(pcm.slice(0, 1920));
	assertClose(seanet!.subarray(0, 4), [1.11703, 1.26499, 0.08071, 0.37599], 2e-5);
	assertClose(seanet!.subarray(dim, dim + 4), [0.84222, 0.98931, -0.51849, -0.01968], 2e-5);
	assertClose(transformer!.subarray(0, 4), [0.64366, 1.54745, -0.75703, 0.78592], 2e-5);
	assertClose(transformer!.subarray(dim, dim + 4), [0.81951, 1.73571, -1.29457, -0.82396], 2e-5);
});

test('the graph takes and gives what its contract says', async t => {
	const {session} = await openTinyMimi(t, {conversion: {tapLatents: false}});
	const states = ['first', ...[0, 1, 2, 3].flatMap(i => [`residual${i}`, `down${i}`]), 'last', 'downsample'];
	assert.deepEqual(
		[...session.inputNames].sort(),
		[
			'pcm',
			'is_first',
			...['cos', 'sin', 'rope_idx', 'past_mask', 'new_mask', 'past_k0', 'past_v0', 'past_k1', 'past_v1'],
			...states.map(name => `state.${name}`),
		].sort(),
	);
	assert.deepEqual(
		[...session.outputNames].sort(),
		['codes', 'new_k0', 'new_v0', 'new_k1', 'new_v1', ...states.map(name => `next.${name}`)].sort(),
	);
});

test('a configuration that says nothing is the published Mimi', () => {
	const {ratios, downsample_stride: stride, sample_rate: rate, transformer, quantizer} = mimiConfig.parse({});
	assert.equal(rate / (stride * ratios.reduce((a, b) => a * b)), 12.5);
	assert.deepEqual(
		[transformer.num_layers, transformer.num_heads, transformer.context, quantizer.bins, quantizer.dimension],
		[8, 8, 250, 2048, 256],
	);
});

test('fewer codebooks than the file has are its first ones', async t => {
	const {codes} = await encode(await openTinyMimi(t, {conversion: {codebooks: 2}}), () => 4);
	assert.deepEqual(
		codes,
		tinyMimiCodes.flatMap(frame => frame.slice(0, 2)),
	);
});

const renamed = (from: RegExp, to: string) => (tensors: Tensors) =>
	Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.replace(from, to), tensor]));

for (const [title, from, to] of [
	['in_projs.0.weight', /in_proj_weight$/, 'in_projs.0.weight'],
	['out_projs.0.weight', /out_proj\.weight$/, 'out_projs.0.weight'],
	['embed_sum', /embedding_sum$/, 'embed_sum'],
	['embed_avg', /embedding_sum$/, 'embed_avg'],
	['cluster_size', /cluster_usage$/, 'cluster_size'],
] as const) {
	test(`tensors may be called ${title}`, async t => {
		const {codes} = await encode(await openTinyMimi(t, {tensors: renamed(from, to)}), () => 8);
		assert.deepEqual(codes, tinyMimiCodes.flat());
	});
}

test('weight normalisation is folded where the checkpoint has it', async t => {
	const {codes, latents} = await encode(await openTinyMimi(t, {tensors: unfoldWeights}), () => 4);
	assert.deepEqual(codes, tinyMimiCodes.flat());
	assertClose(latents.slice(0, 4), expectedLatents[0]!, 2e-5);
});

test("the decoder's tensors are left alone", async t => {
	const other: TensorData = {dtype: 'I64', shape: [1], bytes: new Uint8Array(8)};
	const tensors = (some: Tensors) => ({
		...some,
		'decoder.model.0.conv.conv.weight': other,
		'upsample.convtr.convtr.convtr.weight': other,
		'quantizer.rvq_first.output_proj.weight': other,
		'quantizer.rvq_first.vq.layers.0._codebook._initialized': other,
	});
	const {codes} = await (await openTinyMimi(t, {tensors})).run(pcm.slice(0, 1920));
	assert.deepEqual(codes, tinyMimiCodes[0]);
});

const without = (name: string) => (tensors: Tensors) =>
	Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));
const changed = (name: string, change: Partial<TensorData>) => (tensors: Tensors) => ({
	...tensors,
	[name]: {...tensors[name]!, ...change},
});

const refuses = (title: string, changes: Changes, code: ConvertErrorCode, message: RegExp) =>
	test(`refused: ${title}`, async t => {
		await assert.rejects(openTinyMimi(t, changes), (error: ConvertError) => {
			assert.equal(error.name, 'ConvertError', String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			return true;
		});
	});

refuses(
	'a missing convolution',
	{tensors: without('encoder.model.6.conv.conv.weight')},
	'missing-tensor',
	/lacks the tensor "encoder.model.6.conv.conv.weight"/,
);
refuses(
	'half of a weight normalisation',
	{tensors: tensors => without('encoder.model.6.conv.conv.weight_g')(unfoldWeights(tensors))},
	'missing-tensor',
	/lacks the tensor "encoder.model.6.conv.conv.weight_g"/,
);
refuses(
	'a convolution of the wrong shape',
	{tensors: changed('encoder.model.3.conv.conv.weight', {shape: [4, 8, 8]})},
	'wrong-shape',
	/encoder.model.3.conv.conv.weight should be \[8,4,8\] and is \[4,8,8\]/,
);
refuses(
	'a scale of the wrong dtype',
	{tensors: changed('encoder_transformer.transformer.layers.1.layer_scale_2.scale', {dtype: 'U32'})},
	'wrong-dtype',
	/layers.1.layer_scale_2.scale should be BF16, F16 or F32 and is U32/,
);
refuses(
	'fewer codebooks than are wanted',
	{conversion: {codebooks: 5}},
	'missing-tensor',
	/lacks the tensor "quantizer.rvq_rest.vq.layers.3._codebook.embedding_sum"/,
);
refuses(
	'a Mimi of another size',
	{config: mimiConfig.parse({...tinyMimiKeys, n_filters: 8})},
	'wrong-shape',
	/encoder.model.0.conv.conv.weight should be \[8,1,7\] and is \[4,1,7\]/,
);
refuses(
	'heads that the latents cannot be split into',
	{config: mimiConfig.parse({...tinyMimiKeys, transformer: {...tinyMimiKeys.transformer, num_heads: 5}})},
	'bad-config',
	/32 cannot be split into 5/,
);

test('a conversion that is ended by its progress report stops there', async t => {
	const onProgress = (done: number) => {
		if (done === 2) throw new Error('enough');
	};
	await assert.rejects(openTinyMimi(t, {conversion: {onProgress}}), /enough/);
});
