import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {convertEmbedded} from '../../../src/convert/convert-embedded.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import type {DecodedPosition} from '../../../src/engine/delayed-streams/decode-loop.js';
import {type DelayedStreamsEngine, loadDelayedStreamsEngine} from '../../../src/engine/delayed-streams/engine.js';
import type {ModelManifest} from '../../../src/engine/model-package.js';
import {projectRoot} from '../../project-root.js';

// Expected values: the reference implementation's, of `minute.wav` in fp32 (test/fixtures/README.md).

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'embedded');

let folder: string;
let manifest: ModelManifest;
let samples: Float32Array;
let expected: {
	tokens: number[];
	margins: Float32Array;
	logits: Float32Array;
	logitPositions: number[];
	vad: Float32Array;
};

before(async () => {
	folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'pi-caption-')), 'fp32');
	manifest = await convertEmbedded(fixtures, folder, {
		scheme: 'fp32',
		id: 'embedded-fp32',
		name: 'parity',
		licence: {name: 'MIT', attribution: 'this project'},
		source: {description: 'test/fixtures/embedded'},
	});
	const wav = await readFile(path.join(fixtures, 'parity', 'minute.wav'));
	samples = Float32Array.from({length: (wav.length - 44) / 2}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
	const parity = await openSafetensors(path.join(fixtures, 'parity', 'minute.safetensors'));
	expected = {
		tokens: Array.from(await parity.readInt64s('tokens'), Number),
		margins: await parity.readFloats('margin'),
		logits: await parity.readFloats('logits'),
		logitPositions: Array.from(await parity.readInt64s('logit_positions'), Number),
		vad: await parity.readFloats('vad'),
	};
	await parity.close();
});

after(() => rm(path.dirname(folder), {recursive: true}));

const load = (framesPerCall: number): Promise<DelayedStreamsEngine> =>
	loadDelayedStreamsEngine(folder, manifest, {threads: 1, framesPerCall});

/** Positions of the whole recording and its flush, fed `chunkSamples` at a time. */
async function decode(engine: DelayedStreamsEngine, chunkSamples: number): Promise<DecodedPosition[]> {
	const decoded: DecodedPosition[] = [];
	const stream = engine.createStream(
		() => {},
		position => decoded.push(position),
	);
	for (let at = 0; at < samples.length; at += chunkSamples) {
		stream.feed(samples.subarray(at, at + chunkSamples));
		while (await stream.decode());
	}
	await stream.flush();
	return decoded;
}

const compareTokens = (decoded: DecodedPosition[]) =>
	assert.deepEqual(
		decoded.slice(0, expected.tokens.length).map(({token}) => token),
		expected.tokens,
	);

for (const chunkSamples of [1, 777, 1280, 16_000, 160_000]) {
	test(`every token equals the reference, ${chunkSamples} samples at a time`, async () => {
		const engine = await load(8);
		compareTokens(await decode(engine, chunkSamples));
		await engine.close();
	});
}

for (const framesPerCall of [1, 2, 3, 4]) {
	test(`every token equals the reference, at most ${framesPerCall} frames a call`, async () => {
		const engine = await load(framesPerCall);
		compareTokens(await decode(engine, 40_000));
		await engine.close();
	});
}

test('logits, margins and VAD equal the reference', async () => {
	const engine = await load(1);
	const decoded = await decode(engine, 16_000);
	await engine.close();
	const {vocabulary, vad} = manifest.lm;
	for (const [row, position] of expected.logitPositions.entries()) {
		const reference = expected.logits.subarray(row * vocabulary, (row + 1) * vocabulary);
		assert.ok(largestDifference(decoded[position]!.logits, reference) <= 1e-4, `logits at ${position}`);
	}
	for (const [position, margin] of expected.margins.entries()) {
		const [best, second] = [...decoded[position]!.logits].sort((a, b) => b - a);
		assert.ok(Math.abs(best! - second! - margin) <= 1e-3, `margin at ${position}`);
		for (let head = 0; head < vad.heads; head++) {
			const difference = decoded[position]!.vad[head * vad.classes]! - expected.vad[position * vad.heads + head]!;
			assert.ok(Math.abs(difference) <= 1e-4, `VAD ${head} at ${position}`);
		}
	}
});

function largestDifference(found: Float32Array, reference: Float32Array): number {
	assert.equal(found.length, reference.length);
	return reference.reduce((largest, value, i) => Math.max(largest, Math.abs(value - found[i]!)), 0);
}
