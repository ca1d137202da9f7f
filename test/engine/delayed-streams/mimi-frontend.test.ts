import assert from 'node:assert/strict';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {type MimiConfig, mimiConfig} from '../../../src/convert/checkpoint-config.js';
import {convertMimi, type MimiShape} from '../../../src/convert/mimi-graph.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import {Frontend} from '../../../src/engine/delayed-streams/frontend.js';
import type {ModelManifest} from '../../../src/engine/model-package.js';
import {assertClose, largestDifference} from '../../convert/close.js';
import {encodeSafetensors} from '../../convert/encode-safetensors.js';
import {ReferenceMimiTransformer} from '../../convert/reference-transformer.js';
import {MimiRunner} from '../../convert/run-mimi.js';
import {
	tinyMimiCodebooks,
	tinyMimiCodes,
	tinyMimiConfig,
	tinyMimiKeys,
	tinyMimiPcm,
	tinyMimiTensors,
} from '../../convert/tiny-mimi.js';

const frameSamples = 1920;
/** The window of the real Mimi, a ring of 248 slots, on tiny layers; 150 frames are 300 positions. */
const wideConfig = mimiConfig.parse({...tinyMimiKeys, transformer: {...tinyMimiKeys.transformer, context: 250}});
const manyFrames = 150;

type Converted = {folder: string; shape: MimiShape; manifest: ModelManifest};

let root: string;
let tiny: Converted;
let wide: Converted;

before(async () => {
	root = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	tiny = await convert(tinyMimiConfig);
	wide = await convert(wideConfig, true);
});

after(() => rm(root, {recursive: true}));

async function convert(config: MimiConfig, tapLatents = false): Promise<Converted> {
	const folder = await mkdtemp(path.join(root, 'mimi-'));
	const file = path.join(folder, 'mimi.safetensors');
	await writeFile(file, encodeSafetensors(tinyMimiTensors(config)));
	const checkpoint = await openSafetensors(file);
	const shape = await convertMimi(folder, {checkpoint, config, codebooks: tinyMimiCodebooks, tapLatents});
	await checkpoint.close();
	const manifest = {...shape, lm: {codebooks: tinyMimiCodebooks}} as ModelManifest;
	return {folder, shape, manifest};
}

/** Codes of `frames` frames; call n takes `framesOf(n)`. */
async function encode({folder, manifest}: Converted, frames: number, framesOf: (call: number) => number) {
	const frontend = await Frontend.load(folder, manifest, 1);
	const pcm = tinyMimiPcm(frames);
	const codes: number[][] = [];
	let state = frontend.createState();
	for (let call = 0; codes.length < frames; call++) {
		const from = codes.length * frameSamples;
		const rows = await frontend.run(pcm.slice(from, from + framesOf(call) * frameSamples), state);
		state = rows.state;
		codes.push(...rows.codes.map(row => [...row]));
		assert.deepEqual(rows.features, []);
	}
	await frontend.close();
	return codes;
}

const mixed = (call: number) => [3, 1, 8, 2, 5][call % 5]!;

for (const [title, framesOf] of [
	...[1, 2, 4, 8].map(frames => [`${frames}`, () => frames] as const),
	['mixed numbers of', mixed] as const,
]) {
	test(`${title} frames a call give the codes of the official code, past the wrap of 6 slots`, async () => {
		assert.deepEqual(await encode(tiny, 12, framesOf), tinyMimiCodes);
	});

	test(`${title} frames a call give the same codes past the wrap of 248 slots`, async () => {
		assert.deepEqual(await encode(wide, manyFrames, framesOf), await encode(wide, manyFrames, () => 1));
	});
}

test('a window of 250 slides as in a reference in double', async () => {
	const runner = await MimiRunner.open(wide.folder, wide.shape);
	const reference = new ReferenceMimiTransformer(tinyMimiTensors(wideConfig), wideConfig.transformer);
	// What the window would be without the official code's blocks of two: the difference must show.
	const narrower = new ReferenceMimiTransformer(tinyMimiTensors(wideConfig), {...wideConfig.transformer, context: 248});
	const pcm = tinyMimiPcm(manyFrames);
	const codes: number[][] = [];
	let noticed = 0;
	for (let f = 0; f < manyFrames; f++) {
		const rows = await runner.run(pcm.slice(f * frameSamples, (f + 1) * frameSamples));
		codes.push(rows.codes);
		const dim = wideConfig.dimension;
		for (const position of [0, 1]) {
			const part = (values: Float32Array | undefined) => values!.subarray(position * dim, (position + 1) * dim);
			assertClose(part(rows.transformer), reference.step(part(rows.seanet)), 2e-5, `position ${2 * f + position}`);
			const difference = largestDifference(part(rows.transformer), narrower.step(part(rows.seanet)));
			if (f >= manyFrames - 10) noticed = Math.max(noticed, difference);
		}
	}
	await runner.session.release();
	assert.ok(noticed > 1e-4, `${noticed}`);
	assert.deepEqual(await encode(wide, manyFrames, mixed), codes);
});

test('a fresh state starts from the first frame again', async () => {
	const frontend = await Frontend.load(tiny.folder, tiny.manifest, 1);
	const pcm = tinyMimiPcm(4);
	for (let round = 0; round < 2; round++) {
		const {codes} = await frontend.run(pcm, frontend.createState());
		assert.deepEqual(
			codes.map(row => [...row]),
			tinyMimiCodes.slice(0, 4),
		);
	}
	await frontend.close();
});
