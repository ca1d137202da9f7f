import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {findModel, isModelId, listModels, type ModelFolders, removeModel} from '../../src/models/model-store.js';
import {modelsFolder} from '../cli/fake-host.js';
import {temporaryFolder} from '../convert/temporary-folder.js';

/** Folders with packages of these ids. */
const store = async (t: TestContext, shipped: string[], installed: string[]): Promise<ModelFolders> => ({
	shipped: modelsFolder(t, shipped),
	installed: modelsFolder(t, installed),
});

function write(dir: string, manifest: string): void {
	mkdirSync(dir, {recursive: true});
	writeFileSync(path.join(dir, 'model.json'), manifest);
}

test('shipped models come first, and an installed one cannot take their name', async t => {
	const folders = await store(t, ['embedded'], ['b', 'a', 'embedded', '.b.1-1.0123abcd.partial']);
	const models = await listModels(folders);
	assert.deepEqual(
		models.map(({id, isInstalled}) => [id, isInstalled]),
		[
			['embedded', false],
			['a', true],
			['b', true],
		],
	);
	const embedded = await findModel(undefined, folders);
	assert.deepEqual([embedded.dir, embedded.isEmbedded], [path.join(folders.shipped, 'embedded'), true]);
});

test('a model is found by its id or its folder, and the known ones are named where it is not', async t => {
	const folders = await store(t, ['embedded'], ['a']);
	assert.equal((await findModel('a', folders)).dir, path.join(folders.installed, 'a'));
	const byFolder = await findModel(path.join(folders.installed, 'a'), folders);
	assert.deepEqual([byFolder.dir, byFolder.isInstalled], [path.join(folders.installed, 'a'), false]);
	await assert.rejects(findModel('../a', folders), {
		name: 'ModelError',
		code: 'unknown',
		message: 'There is no model `../a`; known here: embedded, a (or give the folder of a model package).',
	});
});

test('a package whose model.json is bad is listed with the reason', async t => {
	const folders = await store(t, [], ['a']);
	write(path.join(folders.installed, 'bad'), '{');
	const [, bad] = await listModels(folders);
	assert.ok(bad && 'error' in bad);
	assert.match(bad.error.message, /model\.json is not JSON/);
	await removeModel('bad', folders);
	assert.deepEqual(readdirSync(folders.installed), ['a']);
});

test('only an installed model is removed, and never through a link', async t => {
	const folders = await store(t, ['embedded'], ['a', 'b']);
	const elsewhere = await temporaryFolder(t);
	write(path.join(elsewhere, 'c'), '{}');
	symlinkSync(path.join(elsewhere, 'c'), path.join(folders.installed, 'c'));
	await removeModel('a', folders);
	assert.deepEqual(readdirSync(folders.installed), ['b', 'c']);
	await assert.rejects(removeModel('embedded', folders), /comes with pi-caption and stays/);
	await assert.rejects(removeModel('c', folders), /is a link: remove it yourself/);
	await assert.rejects(removeModel('../shipped/embedded', folders), /There is no model/);
	assert.deepEqual(readdirSync(path.join(elsewhere, 'c')), ['model.json']);
});

test('an id is a name and no path', () => {
	for (const id of ['kyutai-1b', 'kyutai-2.6b', 'A_b.c']) assert.ok(isModelId(id), id);
	for (const id of ['', '.', '..', '.hidden', 'a/b', '-x', 'a b', 'a\n', 'a'.repeat(65)]) assert.ok(!isModelId(id), id);
});
