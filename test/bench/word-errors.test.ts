import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {corpora} from '../../bench/corpora.js';
import {errorRate, measureWordErrors} from '../../bench/measure-word-errors.js';
import {convertEmbedded} from '../../src/convert/convert-embedded.js';
import {readManifest} from '../../src/engine/model-package.js';
import {projectRoot} from '../project-root.js';

const packageDir = path.join(projectRoot, 'models', 'embedded');

test('the package that comes along is at most 0.5 points of word error rate worse than fp32, and its manifest says so', async () => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	const checkpoint = path.join(projectRoot, 'test', 'fixtures', 'embedded');
	await convertEmbedded(checkpoint, path.join(folder, 'fp32'), {
		scheme: 'fp32',
		id: 'embedded-fp32',
		name: 'reference',
		licence: {name: 'MIT', attribution: 'this project'},
		source: {description: 'test/fixtures/embedded'},
	});
	const heldOut = corpora().slice(0, 1);
	const [reference] = await measureWordErrors(path.join(folder, 'fp32'), heldOut);
	const [shipped] = await measureWordErrors(packageDir, heldOut);
	await rm(folder, {recursive: true});

	assert.equal(reference!.words, 2012);
	assert.ok(
		errorRate(shipped!) <= errorRate(reference!) + 0.5,
		`${errorRate(shipped!)} against ${errorRate(reference!)}`,
	);
	const {accuracy} = await readManifest(packageDir);
	const claimed = accuracy.find(({source}) => source === heldOut[0]!.source)!;
	// Another processor may round a near-tie the other way, once or twice in two thousand words.
	assert.ok(
		Math.abs(errorRate(claimed) - errorRate(shipped!)) <= 0.3,
		`${claimed.wrong} claimed, ${shipped!.wrong} found`,
	);
});

test('the model card and the README carry the table of the manifest', async () => {
	const {accuracy} = await readManifest(packageDir);
	for (const file of ['README.md', 'models/embedded/README.md']) {
		const text = await readFile(path.join(projectRoot, file), 'utf8');
		for (const {source, wrong, words} of accuracy) {
			const row = text.split('\n').find(line => line.startsWith(`| ${source} |`));
			assert.ok(row?.includes(`${wrong}/${words} = `), `${file}: ${source}`);
		}
	}
});
