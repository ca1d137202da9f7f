import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {convertKyutai} from '../../../src/convert/convert-kyutai.js';
import {createStartTemplate, DecodeLoop} from '../../../src/engine/delayed-streams/decode-loop.js';
import {loadDelayedStreamsEngine, loadWeights} from '../../../src/engine/delayed-streams/engine.js';
import type {FrameInput, LmResult} from '../../../src/engine/delayed-streams/language-model.js';
import type {MimiState} from '../../../src/engine/delayed-streams/mimi-frontend.js';
import type {StreamEvent} from '../../../src/engine/engine.js';
import {type ModelManifest, readModelPackage} from '../../../src/engine/model-package.js';
import type {Tensor} from '../../../src/engine/onnx.js';
import {writeTinyKyutai} from '../../convert/tiny-kyutai.js';
import {tinyLmCodes} from '../../convert/tiny-lm.js';
import {tinyMimiPcm} from '../../convert/tiny-mimi.js';
import {projectRoot} from '../../project-root.js';

// An early flush leaves no trace: what is decoded after it is, bit by bit, what it would have been.

const frameSamples = 1920;
const options = {threads: 1, framesPerCall: 2};

let folder: string;
let modelDir: string;
let manifest: ModelManifest;

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	modelDir = path.join(folder, 'package');
	await writeTinyKyutai(path.join(folder, 'checkpoint'));
	manifest = await convertKyutai(path.join(folder, 'checkpoint'), modelDir, {
		scheme: 'fp32',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
		source: {description: 'a test'},
	});
});

after(() => rm(folder, {recursive: true}));

const copyOf = (tensors: Record<string, Tensor>) =>
	Object.fromEntries(Object.entries(tensors).map(([name, {data}]) => [name, (data as Float32Array).slice()]));

for (const positions of [1, 9, 15, 40]) {
	test(`slots of ${positions} positions that are saved and restored are as they were`, async () => {
		const {lm} = await loadWeights(modelDir, manifest, options);
		const ring = lm.createRing();
		const result = async (position: number): Promise<LmResult> =>
			lm.run([{token: 5, frame: {codes: tinyLmCodes(position)}}], position, ring);
		for (let position = 0; position < 37; position++) ring.commit(await result(position), 1, 1, position);
		const before = {...copyOf(ring.tensors), slotPositions: ring.slotPositions.slice()};
		const saved = ring.save(37, positions);
		for (let i = 0; i < positions; i++) ring.commit(await result(37 + i), 1, 1, 37 + i);
		assert.notDeepEqual({...copyOf(ring.tensors), slotPositions: ring.slotPositions.slice()}, before);
		ring.restore(saved);
		assert.deepEqual({...copyOf(ring.tensors), slotPositions: ring.slotPositions.slice()}, before);
		await lm.graph.close();
	});
}

test('a preview of the decoder gives the positions that come, and comes without a trace', async () => {
	const {lm} = await loadWeights(modelDir, manifest, options);
	const frames: FrameInput[] = Array.from({length: 60}, (_, f) => ({codes: tinyLmCodes(f)}));
	const decode = async (previews: boolean) => {
		const decoded: {token: number; logits: number[]}[] = [];
		const previewed: [from: number, tokens: number[]][] = [];
		const loop = new DecodeLoop(lm, await createStartTemplate(lm), ({token, logits}) =>
			decoded.push({token, logits: [...logits]}),
		);
		for (const [f, frame] of frames.entries()) {
			loop.push(frame);
			if (loop.waiting === 3) await loop.step(3);
			const follow = frames.slice(f + 1, f + 10);
			if (previews && f % 3 === 0) {
				const from = decoded.length;
				previewed.push([from, (await loop.preview(follow, 3)).map(({token}) => token)]);
				assert.equal(decoded.length, from);
			}
		}
		while (loop.waiting > 0) await loop.step(3);
		return {decoded, previewed, calls: loop.calls};
	};
	const plain = await decode(false);
	const {decoded, previewed, calls} = await decode(true);
	assert.deepEqual(decoded, plain.decoded);
	assert.equal(calls, plain.calls);
	assert.ok(previewed.length === 20 && previewed.every(([, tokens]) => tokens.length > 0));
	for (const [from, tokens] of previewed) {
		assert.deepEqual(
			tokens,
			decoded.slice(from, from + tokens.length).map(({token}) => token),
		);
	}
	await lm.graph.close();
});

test('a preview of Mimi gives the codes that come, and leaves its state as it was', async () => {
	const {frontend, lm} = await loadWeights(modelDir, manifest, options);
	const pcm = tinyMimiPcm(40);
	const frames = (from: number, to: number) => pcm.slice(from * frameSamples, to * frameSamples);
	let state = frontend.createState() as MimiState;
	const snapshot = () => ({
		position: state.position,
		tails: copyOf(state.tails),
		ring: copyOf(state.ring.tensors),
		slots: state.ring.slotPositions.slice(),
	});
	for (let f = 0; f < 30; f += 2) {
		const before = snapshot();
		const putBack = frontend.keep(state, 9);
		const {codes, state: further} = await frontend.run(frames(f, f + 2), state);
		await frontend.run(frames(f + 2, f + 9), further);
		assert.notDeepEqual(snapshot(), before);
		putBack();
		assert.deepEqual(snapshot(), before);
		const next = await frontend.run(frames(f, f + 2), state);
		assert.deepEqual(codes.slice(0, 2), next.codes);
		state = next.state as MimiState;
	}
	await frontend.close();
	await lm.graph.close();
});

type Run = {
	events: (StreamEvent & {piece: number})[];
	positions: {token: number; logits: number[]; vad: number[]}[];
	previews: number;
};

/** Decodes `samples` as they would come from a microphone, with a preview wherever `previewsAt` says so. */
async function live(
	packageDir: string,
	samples: Float32Array,
	previewsAt: (piece: number, canPreview: boolean) => boolean,
): Promise<Run> {
	const engine = await loadDelayedStreamsEngine(packageDir, await readModelPackage(packageDir), options);
	const run: Run = {events: [], positions: [], previews: 0};
	let piece = 0;
	const stream = engine.createStream(
		event => run.events.push({...structuredClone(event), piece}),
		({token, logits, vad}) => run.positions.push({token, logits: [...logits], vad: [...vad]}),
	);
	// Cut so that parts of frames wait.
	const pieceSamples = Math.round(engine.frameSamples * 0.7);
	for (let at = 0; at < samples.length; at += pieceSamples, piece++) {
		stream.feed(samples.subarray(at, at + pieceSamples));
		while (await stream.decode());
		if (!previewsAt(piece, stream.canPreview)) continue;
		run.previews++;
		await stream.preview();
	}
	await stream.flush();
	await engine.close();
	return run;
}

const finals = ({events}: Run) => events.filter(({type}) => type === 'final');

for (const [title, every] of [
	['each', 1],
	['every third', 3],
] as const) {
	test(`a preview after ${title} piece changes no final, no token and no bit of the logits`, async () => {
		const pcm = tinyMimiPcm(220);
		const plain = await live(modelDir, pcm, () => false);
		const previewed = await live(modelDir, pcm, piece => piece % every === 0);
		assert.ok(previewed.previews > 50 && finals(plain).length > 1);
		assert.deepEqual(previewed.positions, plain.positions);
		assert.deepEqual(finals(previewed), finals(plain));
	});
}

test('at a pause the last words are shown before they are written', async () => {
	const wav = await readFile(path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav'));
	const samples = Float32Array.from({length: 30 * 16_000}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
	const embedded = path.join(projectRoot, 'models', 'embedded');
	const plain = await live(embedded, samples, () => false);
	const previewed = await live(embedded, samples, (_, canPreview) => canPreview);
	assert.ok(previewed.previews >= 5);
	assert.deepEqual(previewed.positions, plain.positions);
	assert.deepEqual(finals(previewed), finals(plain));

	/** By segment and text, the piece behind which it was first shown. */
	const firstShown = ({events}: Run) => {
		const pieces = new Map<string, number>();
		for (const {segment, piece} of events) {
			const key = `${segment.segmentId} ${segment.text}`;
			if (!pieces.has(key)) pieces.set(key, piece);
		}
		return pieces;
	};
	const [early, late] = [firstShown(previewed), firstShown(plain)];
	const earlier = [...late].filter(([text, piece]) => early.get(text)! < piece);
	assert.ok(earlier.length >= 3, `${earlier.length} of ${previewed.previews} previews were right.`);
	assert.deepEqual(
		[...late].filter(([text, piece]) => early.get(text)! > piece),
		[],
	);
	const wrong = [...early.keys()].filter(text => !late.has(text));
	assert.ok(wrong.length <= previewed.previews / 2, `${wrong.length} of ${previewed.previews} previews were wrong.`);
});
