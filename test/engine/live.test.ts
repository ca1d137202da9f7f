import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {after, before, test} from 'node:test';
import type {AudioChunk} from '../../src/audio/audio-chunk.js';
import type {AudioSource} from '../../src/audio/audio-source.js';
import {type CaptionEvent, startEngine} from '../../src/engine/client.js';
import {type Engine, loadEngine} from '../../src/engine/engine.js';
import {framesPerCall as callSizes} from '../../src/engine/latency.js';
import type {Segment} from '../../src/session/segment.js';
import {projectRoot} from '../project-root.js';

// A tape that grows, stops and is taken up in its middle, as the recorder feeds it.

const modelDir = path.join(projectRoot, 'models', 'embedded');
const rate = 16_000;
const framesPerCall = callSizes.balanced;

let speech: Float32Array;
let engine: Engine;

before(async () => {
	const wav = await readFile(path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav'));
	speech = Float32Array.from({length: (wav.length - 44) / 2}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
	engine = await loadEngine(modelDir, {threads: 1, framesPerCall});
});

after(() => engine.close());

const seconds = (from: number, to: number) => speech.slice(from * rate, to * rate);

/** Finals of `samples` alone, as if they stood at `startMs` of a tape. */
async function alone(samples: Float32Array, startMs = 0): Promise<Omit<Segment, 'segmentId'>[]> {
	const segments: Segment[] = [];
	const stream = engine.createStream(({type, segment}) => type === 'final' && segments.push(segment));
	stream.feed(samples);
	await stream.flush();
	return segments.map(segment => shifted(segment, startMs));
}

const shifted = ({text, startMs, endMs, words}: Segment, byMs: number) => ({
	text,
	startMs: startMs + byMs,
	endMs: endMs + byMs,
	words: words.map(word => ({...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs})),
});

const withoutIds = (segments: readonly Segment[]) => segments.map(segment => shifted(segment, 0));

const sourceOf = (chunks: () => AsyncGenerator<AudioChunk>): AudioSource => ({
	name: 'tape',
	sampleRate: rate,
	estimatedSamples: undefined,
	warnings: [],
	chunks,
	close: async () => {},
});

/** Captions `chunks` in the worker. `onEvent` sees every event as it comes. */
async function captioned(
	chunks: () => AsyncGenerator<AudioChunk>,
	onEvent: (event: CaptionEvent) => void = () => {},
	{isLive = false} = {},
): Promise<CaptionEvent[]> {
	const client = await startEngine({modelDir, threads: 1, framesPerCall, isLive});
	const events: CaptionEvent[] = [];
	for await (const event of client.captions(sourceOf(chunks))) {
		events.push(event);
		onEvent(event);
	}
	await client.close();
	return events;
}

const finalsOf = (events: readonly CaptionEvent[]) =>
	events.flatMap(event => (event.type === 'final' ? [event.segment] : []));

test('what was heard before a gap ends there, and time goes on with the tape', async () => {
	const finals = finalsOf(
		await captioned(async function* () {
			yield {samples: seconds(0, 7), startSample: 0};
			yield {samples: seconds(20, 27), startSample: 7 * rate, isAfterGap: true};
		}),
	);
	assert.deepEqual(withoutIds(finals), [...(await alone(seconds(0, 7))), ...(await alone(seconds(20, 27), 7000))]);
	assert.deepEqual(
		finals.map(({segmentId}) => segmentId),
		finals.map((_, i) => i),
	);
});

test('a tape taken up in its middle has tape times', async () => {
	const startSample = 3600 * rate + 777;
	const events = await captioned(async function* () {
		yield {samples: seconds(20, 27), startSample};
	});
	assert.deepEqual(withoutIds(finalsOf(events)), await alone(seconds(20, 27), (startSample / rate) * 1000));
	const positions = events.flatMap(event => (event.type === 'progress' ? [event.decodedSamples] : []));
	assert.ok(positions.every(position => position >= startSample));
	assert.equal(positions.at(-1), startSample + 7 * rate);
});

test('an empty chunk behind a gap completes the text while the source stays open', async () => {
	const expected = await alone(seconds(0, 7));
	let goOn = () => {};
	const isComplete = new Promise<void>(resolve => {
		goOn = resolve;
	});
	let nFinals = 0;
	const events = await captioned(
		async function* () {
			yield {samples: seconds(0, 7), startSample: 0};
			yield {samples: new Float32Array(0), startSample: 7 * rate, isAfterGap: true};
			// A device that is away: nothing comes until the text is complete.
			await isComplete;
			yield {samples: seconds(20, 27), startSample: 7 * rate, isAfterGap: true};
		},
		({type}) => {
			if (type === 'final' && ++nFinals === expected.length) goOn();
		},
	);
	assert.deepEqual(withoutIds(finalsOf(events)), [...expected, ...(await alone(seconds(20, 27), 7000))]);
});

test('gaps one after the other give no captions of their own', async () => {
	const empty = (): AudioChunk => ({samples: new Float32Array(0), startSample: 7 * rate, isAfterGap: true});
	const finals = finalsOf(
		await captioned(async function* () {
			yield {...empty(), startSample: 0};
			yield {samples: seconds(0, 7), startSample: 0, isAfterGap: true};
			yield empty();
			yield empty();
		}),
	);
	assert.deepEqual(withoutIds(finals), await alone(seconds(0, 7)));
});

test('somebody who reads along gets the same finals', async () => {
	const feed = async function* (): AsyncGenerator<AudioChunk> {
		yield {samples: seconds(0, 30), startSample: 0};
	};
	const expected = finalsOf(await captioned(feed));
	assert.ok(expected.length >= 5);
	assert.deepEqual(finalsOf(await captioned(feed, undefined, {isLive: true})), expected);
});

test('a slow model loses nothing and says so in its computing time', async () => {
	process.env.PI_CAPTION_SLOW_RTF = '2:3';
	const events = await captioned(async function* () {
		yield {samples: seconds(0, 7), startSample: 0};
	}).finally(() => delete process.env.PI_CAPTION_SLOW_RTF);
	const progress = events.flatMap(event => (event.type === 'progress' ? [event] : []));
	assert.ok(progress.at(-1)!.computeMs >= 6000);
	assert.equal(progress.at(-1)!.decodedSamples, 7 * rate);
	assert.deepEqual(withoutIds(finalsOf(events)), await alone(seconds(0, 7)));
});

test('a switch that is no RTF:SECONDS is refused', async () => {
	process.env.PI_CAPTION_SLOW_RTF = 'slow';
	await assert.rejects(
		startEngine({modelDir, threads: 1}).finally(() => delete process.env.PI_CAPTION_SLOW_RTF),
		/PI_CAPTION_SLOW_RTF should be RTF:SECONDS, for example 2:60, and is "slow"/,
	);
});
