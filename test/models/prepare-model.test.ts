import '../own-folders.js';
import assert from 'node:assert/strict';
import {cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {before, test} from 'node:test';
import {fromBinary} from '@bufbuild/protobuf';
import {ModelProtoSchema} from '../../src/convert/onnx/onnx_pb.js';
import {loadEngine} from '../../src/engine/engine.js';
import {findPrepared} from '../../src/engine/prepared-copy.js';
import {canCarryLive, readBenchFigures, writeBenchFigures} from '../../src/models/bench-figures.js';
import {liveDefault, recordingDefault} from '../../src/models/live-default.js';
import {prepareModel} from '../../src/models/prepare-model.js';
import type {Segment} from '../../src/session/segment.js';
import {ownFolder} from '../own-folders.js';
import {projectRoot} from '../project-root.js';

const shipped = path.join(projectRoot, 'models', 'embedded');
let samples: Float32Array;

before(() => {
	const wav = readFileSync(path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav'));
	samples = Float32Array.from({length: 16_000 * 12}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
});

/** Captions of twelve seconds. */
async function captions(modelDir: string): Promise<Segment[]> {
	const engine = await loadEngine(modelDir, {threads: 1, framesPerCall: 2});
	const segments: Segment[] = [];
	const stream = engine.createStream(({type, segment}) => type === 'final' && segments.push(segment));
	stream.feed(samples);
	await stream.flush();
	await engine.close();
	return segments;
}

let copies = 0;
/** A package of its own, not prepared. */
function newPackage(): string {
	const dir = path.join(ownFolder, 'packages', String(copies++));
	cpSync(shipped, dir, {recursive: true});
	// Another text makes it another package, with a prepared copy of its own.
	const manifest = JSON.parse(readFileSync(path.join(dir, 'model.json'), 'utf8'));
	writeFileSync(path.join(dir, 'model.json'), JSON.stringify({...manifest, name: `Copy ${copies}`}));
	return dir;
}

const state = async (dir: string) => (await findPrepared(dir)).state;

test('a prepared copy gives the captions of the package, whose graphs it does not need', async () => {
	const dir = newPackage();
	const expected = await captions(dir);
	assert.ok(expected.length > 1);
	assert.equal(await state(dir), 'none');
	const reported: number[] = [];
	assert.equal(await prepareModel(dir, {onProgress: fraction => reported.push(fraction)}), true);
	assert.deepEqual([reported[0], reported.at(-1)], [0, 1]);
	assert.deepEqual(
		reported,
		[...reported].sort((a, b) => a - b),
	);
	assert.equal(await state(dir), 'ready');
	for (const name of ['lm.onnx', 'lm.weights', 'frontend.onnx', 'frontend.weights']) rmSync(path.join(dir, name));
	assert.deepEqual(await captions(dir), expected);
});

test('every tensor and every packed one lies at a multiple of 64 KiB', async () => {
	const dir = newPackage();
	await prepareModel(dir);
	const {folder} = await findPrepared(dir);
	let packed = 0;
	for (const graph of ['frontend', 'lm']) {
		const model = fromBinary(ModelProtoSchema, readFileSync(path.join(folder, `${graph}.onnx`)));
		for (const {externalData} of model.graph!.initializer) {
			for (const {key, value} of externalData) {
				if (key === 'offset') assert.equal(Number(value) % 65_536, 0);
				if (!key.startsWith('prepacked_')) continue;
				for (const blob of value.split('|').slice(1)) {
					packed++;
					assert.equal(Number(blob.split(';')[0]) % 65_536, 0);
				}
			}
		}
	}
	assert.ok(packed > 30, `${packed} packed tensors`);
});

test('a copy that is there and whole is left alone, and made anew where that is asked for', async () => {
	const dir = newPackage();
	await prepareModel(dir);
	assert.equal(await prepareModel(dir), false);
	assert.equal(await prepareModel(dir, {isForced: true}), true);
});

for (const [title, damage] of [
	[
		'a changed byte',
		(file: string) => {
			const bytes = readFileSync(file);
			bytes[70_000]! ^= 1;
			writeFileSync(file, bytes);
		},
	],
	['a cut file', (file: string) => truncateSync(file, 70_000)],
	['a missing file', (file: string) => rmSync(file)],
] as [string, (file: string) => void][]) {
	test(`a copy with ${title} is not used, and is made anew`, async () => {
		const dir = newPackage();
		const expected = await captions(dir);
		await prepareModel(dir);
		const {folder} = await findPrepared(dir);
		damage(path.join(folder, 'lm.weights'));
		assert.equal(await state(dir), 'damaged');
		assert.deepEqual(await captions(dir), expected);
		assert.equal(await prepareModel(dir), true);
		assert.equal(await state(dir), 'ready');
		assert.deepEqual(readdirSync(path.dirname(folder)), [path.basename(folder)]);
	});
}

test('the copy of an earlier ONNX Runtime goes, that of another processor stays', async () => {
	const dir = newPackage();
	const {folder} = await findPrepared(dir);
	const [version] = path.basename(folder).split('-');
	const earlier = path.basename(folder).replace(version!, '1.20.1');
	const other = `${version}-cortex-a76-0123abcd`;
	for (const name of [earlier, other]) mkdirSync(path.join(path.dirname(folder), name), {recursive: true});
	await prepareModel(dir);
	assert.deepEqual(readdirSync(path.dirname(folder)).sort(), [path.basename(folder), other].sort());
});

test('a copy of another package is not used', async () => {
	const [one, other] = [newPackage(), newPackage()];
	await prepareModel(one);
	const [{folder: from}, {folder: to}] = [await findPrepared(one), await findPrepared(other)];
	cpSync(from, to, {recursive: true});
	assert.equal(await state(other), 'stale');
});

test('an interruption leaves nothing', async () => {
	const dir = newPackage();
	const controller = new AbortController();
	const onProgress = (fraction: number) => fraction > 0 && controller.abort(new Error('enough'));
	await assert.rejects(prepareModel(dir, {signal: controller.signal, onProgress}), /enough/);
	const {state, folder} = await findPrepared(dir);
	assert.equal(state, 'none');
	assert.deepEqual(readdirSync(path.dirname(folder)), []);
});

test('a damaged package is not prepared', async () => {
	const dir = newPackage();
	truncateSync(path.join(dir, 'lm.weights'), 100);
	await assert.rejects(prepareModel(dir), {name: 'EngineError', code: 'bad-package'});
});

test('what was measured stays with a model, through preparing, and counts for no other', async () => {
	const dir = newPackage();
	assert.equal(await readBenchFigures(dir), undefined);
	await writeBenchFigures(dir, {threads: 1, rtf: {low: 1.2, balanced: 0.8}});
	await prepareModel(dir);
	const figures = await readBenchFigures(dir);
	assert.deepEqual(figures?.rtf, {low: 1.2, balanced: 0.8});
	assert.deepEqual(
		[canCarryLive(figures), canCarryLive(figures, 'low'), canCarryLive(figures, 'saver'), canCarryLive(undefined)],
		[true, false, false, false],
	);
	const manifest = JSON.parse(readFileSync(path.join(dir, 'model.json'), 'utf8'));
	writeFileSync(path.join(dir, 'model.json'), JSON.stringify({...manifest, name: 'Another'}));
	assert.equal(await readBenchFigures(dir), undefined);
});

test('live captions take the largest model that was measured to keep up, recordings the largest', async () => {
	const installed = path.join(ownFolder, 'installed');
	const folders = {shipped: path.join(projectRoot, 'models'), installed};
	const add = (id: string, layers: number) => {
		const dir = path.join(installed, id);
		cpSync(shipped, dir, {recursive: true});
		const manifest = JSON.parse(readFileSync(path.join(dir, 'model.json'), 'utf8'));
		writeFileSync(path.join(dir, 'model.json'), JSON.stringify({...manifest, id, lm: {...manifest.lm, layers}}));
		return dir;
	};
	const [large, huge] = [add('large', 16), add('huge', 48)];
	const chosen = async () => [
		(await liveDefault('balanced', folders))?.id,
		(await liveDefault('low', folders))?.id,
		(await recordingDefault(folders))?.id,
	];
	assert.deepEqual(await chosen(), ['embedded', 'embedded', 'huge']);
	await writeBenchFigures(huge, {threads: 1, rtf: {low: 3, balanced: 1.6, saver: 0.95}});
	await writeBenchFigures(large, {threads: 1, rtf: {low: 1, balanced: 0.7}});
	assert.deepEqual(await chosen(), ['large', 'embedded', 'huge']);
});
