import assert from 'node:assert/strict';
import {cp, mkdtemp, open, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import type {AudioChunk} from '../../src/audio/audio-chunk.js';
import type {AudioSource} from '../../src/audio/audio-source.js';
import {type CaptionEvent, startEngine} from '../../src/engine/client.js';
import {loadEngine} from '../../src/engine/engine.js';
import {EngineError} from '../../src/engine/protocol.js';
import type {Segment} from '../../src/session/segment.js';
import {projectRoot} from '../project-root.js';

const modelDir = path.join(projectRoot, 'models', 'embedded');
const rate = 16_000;
const framesPerCall = 4;

let samples: Float32Array;
let folder: string;

before(async () => {
	const wav = await readFile(path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav'));
	samples = Float32Array.from({length: (wav.length - 44) / 2}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
});

after(() => rm(folder, {recursive: true}));

/** A source over memory that counts what was pulled from it. */
function source(seconds: number, {chunkSamples = rate, failAt = Number.POSITIVE_INFINITY} = {}) {
	const pulled = {samples: 0};
	const heard = samples.subarray(0, Math.round(seconds * rate));
	async function* chunks(): AsyncGenerator<AudioChunk> {
		for (let startSample = 0; startSample < heard.length; startSample += chunkSamples) {
			if (startSample >= failAt) throw new Error('The tape tore.');
			const piece = heard.slice(startSample, startSample + chunkSamples);
			pulled.samples += piece.length;
			yield {samples: piece, startSample};
		}
	}
	const audio: AudioSource = {
		name: 'memory',
		sampleRate: rate,
		estimatedSamples: heard.length,
		warnings: [],
		chunks,
		close: async () => {},
	};
	return {audio, pulled};
}

async function collect(events: AsyncIterable<CaptionEvent>): Promise<CaptionEvent[]> {
	const collected: CaptionEvent[] = [];
	for await (const event of events) collected.push(event);
	return collected;
}

const finals = (events: CaptionEvent[]) => events.flatMap(event => (event.type === 'final' ? [event.segment] : []));

async function captioned(seconds: number, chunkSamples?: number): Promise<CaptionEvent[]> {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	const events = await collect(engine.captions(source(seconds, {chunkSamples}).audio));
	await engine.close();
	return events;
}

/** The same stream in this thread, without client, worker and limits. */
async function oracle(seconds: number): Promise<Segment[]> {
	const engine = await loadEngine(modelDir, {threads: 1, framesPerCall});
	const segments: Segment[] = [];
	const stream = engine.createStream(({type, segment}) => type === 'final' && segments.push(segment));
	stream.feed(samples.subarray(0, seconds * rate));
	await stream.flush();
	await engine.close();
	return segments;
}

test('captions do not depend on the cuts or the thread', async () => {
	const expected = await oracle(30);
	assert.ok(expected.length >= 5);
	assert.deepEqual(finals(await captioned(30)), expected);
	assert.deepEqual(finals(await captioned(30, 317)), expected);
});

test('only the newest segment is partial, and finals come in order', async () => {
	let open = 0;
	for (const event of await captioned(30)) {
		if (event.type === 'progress') continue;
		assert.equal(event.segment.segmentId, open);
		if (event.type === 'final') open++;
	}
});

test('at most one second is in flight', async () => {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	const {audio, pulled} = source(20, {chunkSamples: 1000});
	for await (const event of engine.captions(audio)) {
		// What was pulled and not yet sent is one piece, a tenth of a second.
		if (event.type === 'progress') assert.ok(pulled.samples - event.decodedSamples <= 1.1 * rate);
	}
	assert.equal(pulled.samples, 20 * rate);
	await engine.close();
});

for (const framesPerCall of [1, 3, 8]) {
	test(`all of the audio is decoded, ${framesPerCall} frames a call`, async () => {
		const engine = await startEngine({modelDir, threads: 1, framesPerCall});
		const events = await collect(engine.captions(source(12).audio));
		assert.equal(events.filter(event => event.type === 'progress').at(-1)?.decodedSamples, 12 * rate);
		await engine.close();
	});
}

test('progress ends at the last sample', async () => {
	const last = (await captioned(7.03)).filter(event => event.type === 'progress').at(-1);
	assert.equal(last?.decodedSamples, Math.round(7.03 * rate));
});

test('a source that fails is captioned up to there, then its error comes', async () => {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	const {audio} = source(30, {failAt: 10 * rate});
	const events: CaptionEvent[] = [];
	await assert.rejects(async () => {
		for await (const event of engine.captions(audio)) events.push(event);
	}, /The tape tore/);
	assert.deepEqual(finals(events), await oracle(10));
	await engine.close();
});

test('aborting keeps what was heard', async () => {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	const abort = new AbortController();
	const {audio, pulled} = source(57);
	const events: CaptionEvent[] = [];
	for await (const event of engine.captions(audio, {signal: abort.signal})) {
		events.push(event);
		if (event.type === 'final') abort.abort();
	}
	assert.ok(pulled.samples < 57 * rate);
	assert.ok(finals(events).length >= 1);
	assert.equal(
		events.filter(event => event.type === 'partial').at(-1)?.segment.segmentId,
		finals(events).at(-1)?.segmentId,
	);
	await engine.close();
});

test('silence gives no captions', async () => {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	const {audio} = source(0);
	async function* chunks(): AsyncGenerator<AudioChunk> {
		for (let i = 0; i < 30; i++) yield {samples: new Float32Array(rate), startSample: i * rate};
	}
	assert.deepEqual(finals(await collect(engine.captions({...audio, chunks}))), []);
	await engine.close();
});

test('no audio at all gives no captions and no error', async () => {
	assert.deepEqual(finals(await captioned(0)), []);
});

test('closing in the middle of a call ends the thread and nothing else', async () => {
	for (let round = 0; round < 10; round++) {
		const engine = await startEngine({modelDir, threads: 1, framesPerCall});
		let events = 0;
		for await (const _event of engine.captions(source(20).audio)) if (events++ === round) break;
		await engine.close();
		await engine.close();
	}
});

test('a flush closes the open line, and time goes on', async () => {
	const engine = await loadEngine(modelDir, {threads: 1, framesPerCall});
	const segments: Segment[] = [];
	const stream = engine.createStream(({type, segment}) => type === 'final' && segments.push(segment));
	stream.feed(samples.subarray(0, 8 * rate));
	await stream.flush();
	const before = segments.length;
	stream.feed(samples.subarray(0, 8 * rate));
	await stream.flush();
	const [first, second] = [segments.slice(0, before), segments.slice(before)];
	assert.deepEqual(
		second.map(({text, startMs, endMs}) => [text, startMs - 8000, endMs - 8000]),
		first.map(({text, startMs, endMs}) => [text, startMs, endMs]),
	);
	assert.deepEqual(
		segments.map(({segmentId}) => segmentId),
		segments.map((_, i) => i),
	);
	await engine.close();
});

const refused = (title: string, damage: (copy: string) => Promise<unknown>, expected: RegExp) =>
	test(title, async () => {
		const copy = await mkdtemp(path.join(folder, 'package-'));
		await cp(modelDir, copy, {recursive: true});
		await damage(copy);
		await assert.rejects(startEngine({modelDir: copy, threads: 1}), (error: unknown) => {
			assert.ok(error instanceof EngineError);
			assert.equal(error.code, 'bad-package');
			assert.match(error.message, expected);
			return true;
		});
	});

refused('a package with one changed byte is refused', flipByte, /lm\.weights is damaged/);
refused(
	'a package with a shorter file is refused',
	copy => writeFile(path.join(copy, 'lm.onnx'), 'short'),
	/lm\.onnx has 5 bytes instead of/,
);
refused(
	'a package without a file is refused',
	copy => rm(path.join(copy, 'frontend.onnx')),
	/frontend\.onnx cannot be read \(ENOENT\)/,
);
refused(
	'a package without model.json is refused',
	copy => rm(path.join(copy, 'model.json')),
	/model\.json cannot be read \(ENOENT\)/,
);
refused(
	'a model.json that is no JSON is refused',
	copy => writeFile(path.join(copy, 'model.json'), '{'),
	/model\.json is not JSON/,
);
refused(
	'a model.json of another shape is refused',
	copy => writeFile(path.join(copy, 'model.json'), '{"formatVersion": 7}'),
	/model\.json: formatVersion/,
);
refused('a file name that leaves the package is refused', escapePackage, /model\.json: files\.0\.name/);

async function flipByte(copy: string): Promise<void> {
	const file = await open(path.join(copy, 'lm.weights'), 'r+');
	const byte = Buffer.alloc(1);
	await file.read(byte, 0, 1, 100_000);
	byte[0]! ^= 1;
	await file.write(byte, 0, 1, 100_000);
	await file.close();
}

async function escapePackage(copy: string): Promise<void> {
	const file = path.join(copy, 'model.json');
	const manifest = JSON.parse(await readFile(file, 'utf8'));
	manifest.files[0].name = '../../etc/passwd';
	await writeFile(file, JSON.stringify(manifest));
}
