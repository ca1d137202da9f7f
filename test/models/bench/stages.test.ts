import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import {createStartTemplate, DecodeLoop} from '../../../src/engine/delayed-streams/decode-loop.js';
import {Frontend} from '../../../src/engine/delayed-streams/frontend.js';
import {LanguageModel} from '../../../src/engine/delayed-streams/language-model.js';
import {readModelPackage} from '../../../src/engine/model-package.js';
import {bytesTouched} from '../../../src/models/bench/bytes-touched.js';
import {fullRing} from '../../../src/models/bench/full-ring.js';
import {withHeardPadding} from '../../../src/models/bench/heard-padding.js';
import {syntheticPackage} from '../../../src/models/synthetic-package.js';
import {temporaryFolder} from '../../convert/temporary-folder.js';

test('a synthetic model writes PAD in the share of frames that is asked for, by its own choice, in every scheme', async t => {
	const folder = await temporaryFolder(t);
	for (const scheme of ['fp32', '8-bit', '4-bit'] as const) {
		const dir = await syntheticPackage('tiny', scheme, {folder});
		const manifest = await readModelPackage(dir);
		const plain = await Frontend.load(dir, manifest, 1);
		const lm = await LanguageModel.load(dir, manifest, 1);
		const template = await createStartTemplate(lm);
		for (const share of [0, 0.65, 1]) {
			const frontend = withHeardPadding(plain, share);
			const tokens: number[] = [];
			const loop = new DecodeLoop(lm, template, ({position, token}) => {
				if (position > 0) tokens.push(token);
			});
			const samples = Float32Array.from({length: 400 * manifest.frameSamples}, (_, i) => Math.sin(i * i));
			const {codes} = await frontend.run(samples, frontend.createState());
			for (const row of codes) loop.push({codes: row});
			while (loop.waiting > 0) await loop.step(4);
			const padding = codes.map(row => row.at(-1)! % 2 === 1);
			assert.deepEqual(
				tokens.map(token => token === manifest.tokens.padding),
				padding,
			);
			const found = padding.filter(Boolean).length / 400;
			assert.ok(Math.abs(found - share) < 0.06, `${found} for ${share}`);
		}
		await plain.close();
		await lm.graph.close();
	}
});

test('a synthetic package is made once', async t => {
	const folder = await temporaryFolder(t);
	const progress: number[] = [];
	const make = () => syntheticPackage('tiny', '4-bit', {folder, onProgress: part => progress.push(part)});
	const dir = await make();
	assert.equal(path.dirname(dir), path.join(folder, 'synthetic'));
	assert.equal(progress.at(-1), 1);
	progress.length = 0;
	assert.equal(await make(), dir);
	assert.deepEqual(progress, []);
});

test('a full ring has a position in every slot, and the bytes that a call reads are all of it and the weights', async t => {
	const dir = await syntheticPackage('tiny', '4-bit', {folder: await temporaryFolder(t)});
	const manifest = await readModelPackage(dir);
	const lm = await LanguageModel.load(dir, manifest, 1);
	const {ring, position} = fullRing(lm);
	assert.deepEqual([...ring.slotPositions], [...Array(15).keys()]);
	assert.equal(position, 15);
	const {keysAndValues, embeddingRows, lmWeights} = bytesTouched(manifest);
	const held = Object.values(ring.tensors).reduce((sum, {data}) => sum + (data as Float32Array).byteLength, 0);
	assert.equal(keysAndValues, held);
	assert.equal(embeddingRows, 5 * 64 * 2);
	assert.ok(lmWeights > 0);
	await lm.graph.close();
});
