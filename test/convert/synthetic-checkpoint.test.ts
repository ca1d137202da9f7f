import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import {convertKyutai} from '../../src/convert/convert-kyutai.js';
import {openSafetensors, Safetensors} from '../../src/convert/safetensors.js';
import {syntheticCheckpoint, writeSyntheticCheckpoint} from '../../src/convert/synthetic-checkpoint.js';
import {temporaryFolder} from './temporary-folder.js';

test('the synthetic decoders are as long as the published files, to the byte', () => {
	assert.equal(syntheticCheckpoint('kyutai-1b').lm.size, 1_978_522_200);
	assert.equal(syntheticCheckpoint('kyutai-2.6b').lm.size, 5_234_275_128);
});

test('a tensor is the same whichever part of it is read', async () => {
	const {lm} = syntheticCheckpoint('tiny');
	const checkpoint = await Safetensors.open(lm, 'synthetic');
	const name = 'emb.3.weight';
	const whole = await checkpoint.readFloats(name);
	const rows = await checkpoint.readFloats(name, {from: 7, to: 12});
	assert.deepEqual(rows, whole.slice(7 * 64, 12 * 64));
	const {start} = checkpoint.get(name);
	const odd = new Uint8Array(777);
	await lm.read(odd, start + 333);
	const bytes = await checkpoint.readBytes(name);
	assert.deepEqual(odd, bytes.slice(333, 333 + 777));
});

test('numbers of one tensor differ from one another and from another tensor’s', async () => {
	const checkpoint = await Safetensors.open(syntheticCheckpoint('tiny').lm, 'synthetic');
	const first = await checkpoint.readFloats('transformer.layers.0.self_attn.in_proj_weight');
	const second = await checkpoint.readFloats('transformer.layers.1.self_attn.in_proj_weight');
	const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
	const variance = first.reduce((sum, value) => sum + value * value, 0) / first.length;
	assert.ok(Math.abs(mean) < 0.01, `mean ${mean}`);
	assert.ok(Math.abs(variance * 64 - 1) < 0.05, `variance ${variance}`);
	const equal = first.filter((value, i) => value === second[i]).length;
	assert.ok(equal < first.length / 50, `${equal} of ${first.length} are equal`);
});

test('a synthetic checkpoint on disk is what was made, and the converter takes it', async t => {
	const folder = await temporaryFolder(t);
	await writeSyntheticCheckpoint('tiny', path.join(folder, 'checkpoint'));
	const {config, lm} = syntheticCheckpoint('tiny');
	const written = await openSafetensors(path.join(folder, 'checkpoint', config.moshi_name));
	const made = await Safetensors.open(lm, 'synthetic');
	for (const name of made.tensors.keys()) assert.deepEqual(await written.readBytes(name), await made.readBytes(name));
	await written.close();

	const manifest = await convertKyutai(path.join(folder, 'checkpoint'), path.join(folder, 'package'), {
		scheme: '4-bit',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'none', attribution: ''},
		source: {description: 'random numbers'},
	});
	assert.deepEqual(manifest.languages, ['en', 'fr']);
});
