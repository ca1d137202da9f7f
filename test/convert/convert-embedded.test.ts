import assert from 'node:assert/strict';
import {copyFile, mkdir, readdir, readFile, truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {convertEmbedded, type EmbeddedOptions} from '../../src/convert/convert-embedded.js';
import type {ConvertError} from '../../src/convert/convert-error.js';
import type {Scheme} from '../../src/convert/linear.js';
import {openSafetensors} from '../../src/convert/safetensors.js';
import {readModelPackage} from '../../src/engine/model-package.js';
import {projectRoot} from '../project-root.js';
import {assertClose} from './close.js';
import {LmRunner, type Position} from './run-lm.js';
import {temporaryFolder} from './temporary-folder.js';

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'embedded');

const options = {
	scheme: 'fp32',
	id: 'embedded',
	name: 'Embedded model',
	licence: {name: 'MIT', attribution: 'pi-caption'},
	source: {description: 'trained for this project', revision: 'test'},
} satisfies EmbeddedOptions;

async function convert(t: TestContext, scheme: Scheme): Promise<string> {
	const target = path.join(await temporaryFolder(t), 'embedded');
	await convertEmbedded(fixtures, target, {...options, scheme});
	return target;
}

for (const scheme of ['fp32', '8-bit', '4-bit'] as const) {
	test(`a ${scheme} package passes its own check`, async t => {
		const target = await convert(t, scheme);
		const manifest = await readModelPackage(target);
		assert.equal(manifest.quantisation, scheme);
		assert.deepEqual(
			manifest.files.map(({name}) => name),
			['frontend.onnx', 'frontend.weights', 'lm.onnx', 'lm.weights', 'tokenizer.model'],
		);
		assert.deepEqual((await readdir(target)).sort(), [...manifest.files.map(({name}) => name), 'model.json'].sort());
		assert.deepEqual(manifest.tokens, {start: 1000, padding: 3, endOfPadding: 0});
		assert.deepEqual(manifest.lm.vad, {heads: 4, classes: 6, usable: false});
		assert.equal(manifest.delayMs, 880);
		if (scheme !== 'fp32') {
			const bytes = manifest.files.reduce((sum, {size}) => sum + size, 0);
			assert.ok(bytes < 12_000_000, `${bytes} bytes are too many to ship`);
		}
	});
}

const inputs = 40;

/** Logits of the first positions of `minute`, with the reference's features and tokens fed in, 8 a call. */
async function logitsOf(t: TestContext, folder: string): Promise<Float32Array> {
	const reference = await openSafetensors(path.join(fixtures, 'parity', 'minute.safetensors'));
	t.after(() => reference.close());
	const tokens = [...(await reference.readInt64s('tokens'))].map(Number);
	const features = await reference.readFloats('features');
	const positions = Array.from({length: inputs + 1}, (_, n): Position => {
		if (n === 0) return {idx: [1000]};
		return {idx: [tokens[n - 1]!], features: features.subarray((n - 1) * 256, n * 256)};
	});
	const lm = await LmRunner.open(folder);
	t.after(() => lm.close());
	const logits: number[] = [];
	for (let n = 0; n < positions.length; n += 8) logits.push(...(await lm.run(positions.slice(n, n + 8))).logits);
	return Float32Array.from(logits);
}

test('fp32 logits are the reference ones', async t => {
	const logits = await logitsOf(t, await convert(t, 'fp32'));
	const reference = await openSafetensors(path.join(fixtures, 'parity', 'minute.safetensors'));
	t.after(() => reference.close());
	const positions = [...(await reference.readInt64s('logit_positions'))].map(Number);
	const rows = await reference.readFloats('logits');
	let compared = 0;
	for (const [i, position] of positions.entries()) {
		if (position > inputs) continue;
		assertClose(logits.subarray(position * 1000, (position + 1) * 1000), rows.subarray(i * 1000, (i + 1) * 1000), 1e-4);
		compared++;
	}
	assert.ok(compared > 0);
});

// Root mean square of a logit's change, about twice what was measured (8-bit 0.027, 4-bit 0.11). Margins between two tokens are
// 6 in the median and 0.022 at the least, so that 8-bit changes few tokens; word errors are for the engine to count.
for (const [scheme, bound] of [
	['8-bit', 0.06],
	['4-bit', 0.25],
] as const) {
	test(`${scheme} logits are near those of fp32`, async t => {
		const exact = await logitsOf(t, await convert(t, 'fp32'));
		const quantised = await logitsOf(t, await convert(t, scheme));
		const meanSquare = quantised.reduce((sum, logit, i) => sum + (logit - exact[i]!) ** 2, 0) / exact.length;
		t.diagnostic(`root mean square of the difference ${Math.sqrt(meanSquare)}`);
		assert.ok(meanSquare > 0 && Math.sqrt(meanSquare) < bound, `${Math.sqrt(meanSquare)}`);
	});
}

test('an older package is replaced when that is asked for, and only then', async t => {
	const target = await convert(t, '8-bit');
	await assert.rejects(convertEmbedded(fixtures, target, options), {name: 'ConvertError', code: 'exists'});
	await convertEmbedded(fixtures, target, {...options, replace: true});
	assert.equal((await readModelPackage(target)).quantisation, 'fp32');
	assert.deepEqual(await readdir(path.dirname(target)), ['embedded']);
});

test('progress goes from 0 to 1', async t => {
	const reported: number[] = [];
	const target = path.join(await temporaryFolder(t), 'embedded');
	await convertEmbedded(fixtures, target, {...options, onProgress: fraction => reported.push(fraction)});
	assert.equal(reported[0], 0);
	assert.equal(reported.at(-1), 1);
	assert.deepEqual(
		reported,
		[...reported].sort((a, b) => a - b),
	);
});

test('a conversion that is broken off leaves the older package and nothing beside it', async t => {
	const target = await convert(t, '8-bit');
	const before = await readFile(path.join(target, 'model.json'));
	const controller = new AbortController();
	const onProgress = (fraction: number) => {
		if (fraction > 0.3) controller.abort(new Error('enough'));
	};
	await assert.rejects(
		convertEmbedded(fixtures, target, {...options, replace: true, signal: controller.signal, onProgress}),
		/enough/,
	);
	assert.deepEqual(await readFile(path.join(target, 'model.json')), before);
	assert.deepEqual(await readdir(path.dirname(target)), ['embedded']);
});

/** A copy of the checkpoint to be damaged. */
async function copyCheckpoint(t: TestContext): Promise<string> {
	const folder = path.join(await temporaryFolder(t), 'checkpoint');
	await mkdir(folder);
	for (const name of ['config.json', 'model.safetensors', 'tokenizer.model']) {
		await copyFile(path.join(fixtures, name), path.join(folder, name));
	}
	return folder;
}

const refuses = (
	title: string,
	damage: (folder: string) => Promise<void>,
	code: ConvertError['code'],
	message: RegExp,
) =>
	test(`refused, with nothing left behind: ${title}`, async t => {
		const checkpoint = await copyCheckpoint(t);
		await damage(checkpoint);
		const parent = await temporaryFolder(t);
		await assert.rejects(convertEmbedded(checkpoint, path.join(parent, 'embedded'), options), (error: ConvertError) => {
			assert.equal(error.name, 'ConvertError', String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			return true;
		});
		assert.deepEqual(await readdir(parent), []);
	});

refuses(
	'a truncated checkpoint, by the tensor in which it ends',
	folder => truncate(path.join(folder, 'model.safetensors'), 1_000_000),
	'truncated',
	/ends inside the tensor "frontend.conv1.weight"/,
);
refuses(
	'a renamed frontend tensor',
	folder => rewriteHeader(folder, 'frontend.conv2.weight', 'frontend.conv9.weight'),
	'missing-tensor',
	/lacks the tensor "frontend.conv2.weight"/,
);
refuses(
	'a renamed decoder tensor',
	folder => rewriteHeader(folder, 'transformer.layers.7.norm1.alpha', 'transformer.layers.9.norm1.alpha'),
	'missing-tensor',
	/lacks the tensor "transformer.layers.7.norm1.alpha"/,
);
refuses(
	'a tensor of the wrong shape',
	folder => rewriteHeader(folder, '"shape":[160,80,5]', '"shape":[80,160,5]'),
	'wrong-shape',
	/frontend.conv0.weight should be \[80,80,5\] and is \[80,160,5\]/,
);
refuses(
	'a configuration of another model',
	folder => writeConfig(folder, {gating: 'gelu'}),
	'bad-config',
	/config.json: gating: /,
);
refuses(
	'a tokenizer name that leaves the folder',
	folder => writeConfig(folder, {tokenizer_name: '../x'}),
	'bad-config',
	/tokenizer_name/,
);
refuses(
	'a missing tokenizer',
	folder => writeConfig(folder, {tokenizer_name: 'other.model'}),
	'bad-file',
	/other.model cannot be copied \(ENOENT\)/,
);
refuses(
	'a configuration that is not JSON',
	folder => writeFile(path.join(folder, 'config.json'), '{'),
	'bad-config',
	/is not JSON/,
);

async function writeConfig(folder: string, changes: Record<string, unknown>): Promise<void> {
	const file = path.join(folder, 'config.json');
	await writeFile(file, JSON.stringify({...JSON.parse(await readFile(file, 'utf8')), ...changes}));
}

/** Replaces text in the header by text of the same length. */
async function rewriteHeader(folder: string, from: string, to: string): Promise<void> {
	assert.equal(from.length, to.length);
	const file = path.join(folder, 'model.safetensors');
	const bytes = await readFile(file);
	const position = bytes.indexOf(from);
	assert.ok(position > 0);
	bytes.write(to, position);
	await writeFile(file, bytes);
}
