import assert from 'node:assert/strict';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {catalogued, readCatalogue} from '../../src/models/catalogue.js';
import {pullCost} from '../../src/models/pull-model.js';
import {temporaryFolder} from '../convert/temporary-folder.js';

type Json = Record<string, unknown>;

const weights = {name: 'model.safetensors', size: 10_000, sha256: '0'.repeat(64)};
const good = {
	id: 'one',
	name: 'One',
	summary: 'for tests',
	languages: ['en'],
	licence: {name: 'CC-BY-4.0', attribution: 'Nobody'},
	repository: 'nobody/one',
	revision: 'a'.repeat(40),
	files: [{name: 'config.json', size: 100}, weights],
	bytes: {
		'4-bit': {package: 3000, prepared: 5000},
		'8-bit': {package: 5000, prepared: 9000},
		fp32: {package: 20_000, prepared: 40_000},
	},
};

async function read(t: TestContext, model: Json) {
	const file = path.join(await temporaryFolder(t), 'catalogue.json');
	await writeFile(file, JSON.stringify({formatVersion: 1, models: [model]}));
	return readCatalogue(file);
}

test('the catalogue that comes along pins Kyutai’s models, every weight by a full sha256', async () => {
	const models = await readCatalogue();
	assert.deepEqual(
		models.map(({id, repository}) => [id, repository]),
		[
			['kyutai-1b', 'kyutai/stt-1b-en_fr-candle'],
			['kyutai-2.6b', 'kyutai/stt-2.6b-en'],
		],
	);
	for (const {files, licence} of models) {
		assert.equal(licence.name, 'CC-BY-4.0');
		assert.match(licence.attribution, /Kyutai/);
		for (const {name, sha256} of files) if (name !== 'config.json') assert.match(sha256!, /^[0-9a-f]{64}$/);
	}
});

test('a model is found by its id, and the others are named where it is not', async () => {
	assert.equal((await catalogued('kyutai-1b')).id, 'kyutai-1b');
	await assert.rejects(catalogued('x'), {code: 'unknown', message: /no model `x` to pull; there are: kyutai-1b, /});
});

test('a good entry is taken as it is', async t => {
	assert.deepEqual(await read(t, good), [good]);
});

for (const [title, change] of [
	['weights without a sha256', {files: [{name: 'model.safetensors', size: 10}]}],
	['a tokenizer without a sha256', {files: [{name: 'tokenizer.model', size: 10}]}],
	['large JSON without a sha256', {files: [{name: 'a.json', size: 100_000}]}],
	['a shortened sha256', {files: [{...weights, sha256: 'a3f1c6f7'}]}],
	['a file that leaves the folder', {files: [{...weights, name: '../model.safetensors'}]}],
	['a file below another folder', {files: [{...weights, name: 'a/model.safetensors'}]}],
	['a hidden file', {files: [{...weights, name: '.bashrc'}]}],
	['a name with a line in it', {files: [{...weights, name: 'a\nb'}]}],
	['two files of one name', {files: [weights, {...weights, name: 'MODEL.safetensors'}]}],
	['no file', {files: []}],
	['an empty file', {files: [{...weights, size: 0}]}],
	['an id that is a path', {id: '../embedded'}],
	['a repository that is another place', {repository: '../../evil'}],
	['a repository with a query', {repository: 'a/b?c'}],
	['a branch in place of a revision', {revision: 'main'}],
	['no licence', {licence: undefined}],
] as [string, Json][]) {
	test(`an entry is refused: ${title}`, async t => {
		await assert.rejects(read(t, {...good, ...change}), {name: 'ModelError', code: 'bad-catalogue'});
	});
}

test('a catalogue that is none is refused in a sentence', async t => {
	const folder = await temporaryFolder(t);
	await assert.rejects(readCatalogue(path.join(folder, 'missing.json')), /is refused: it cannot be read/);
	await writeFile(path.join(folder, 'text.json'), 'models');
	await assert.rejects(readCatalogue(path.join(folder, 'text.json')), /is refused: it is not JSON/);
});

test('what a pull costs counts checkpoint, package and copy, and what is kept', async t => {
	const [model] = await read(t, good);
	const {freeBytes, ...cost} = await pullCost(model!, {scheme: '4-bit'});
	assert.ok(freeBytes > 0);
	assert.deepEqual(cost, {downloadBytes: 10_100, peakBytes: 13_100, finalBytes: 8000});
	const kept = await pullCost(model!, {scheme: '8-bit', keepsCheckpoint: true});
	assert.deepEqual([kept.peakBytes, kept.finalBytes], [10_100 + 5000 + 1.85 * 9000, 10_100 + 14_000]);
});
