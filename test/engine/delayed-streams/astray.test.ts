import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {convertKyutai} from '../../../src/convert/convert-kyutai.js';
import {DelayedStream, type Weights} from '../../../src/engine/delayed-streams/delayed-stream.js';
import {loadWeights} from '../../../src/engine/delayed-streams/engine.js';
import type {StreamEvent} from '../../../src/engine/engine.js';
import type {ModelManifest} from '../../../src/engine/model-package.js';
import {type TinyKyutaiOptions, writeTinyKyutai} from '../../convert/tiny-kyutai.js';
import {tinyLmConfig} from '../../convert/tiny-lm.js';
import {tinyMimiPcm} from '../../convert/tiny-mimi.js';

// Models that fall silent while speech is heard, as Kyutai's 1B is known to do (specs: kyutai-stt §6.9).

const frameSamples = 1920;
const rate = 24_000;
const vocabulary = tinyLmConfig.text_card;

let root: string;
let packages = 0;

before(async () => {
	root = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
});

after(() => rm(root, {recursive: true}));

async function open(
	written: TinyKyutaiOptions = {},
	framesPerCall = 2,
): Promise<Awaited<ReturnType<typeof loadWeights>>> {
	const folder = path.join(root, String(packages++));
	await writeTinyKyutai(path.join(folder, 'checkpoint'), written);
	const manifest: ModelManifest = await convertKyutai(path.join(folder, 'checkpoint'), path.join(folder, 'package'), {
		scheme: 'fp32',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
		source: {description: 'a test'},
	});
	return loadWeights(path.join(folder, 'package'), manifest, {threads: 1, framesPerCall});
}

const close = async ({lm, frontend}: Awaited<ReturnType<typeof loadWeights>>) => {
	await frontend.close();
	await lm.graph.close();
};

/** A text head of zeros: the first id wins every position, and it is no text. */
const mute: TinyKyutaiOptions = {
	lm: tensors => ({
		...tensors,
		'text_linear.weight': {
			...tensors['text_linear.weight']!,
			bytes: new Uint8Array(tensors['text_linear.weight']!.bytes.length),
		},
	}),
};

/** As `weights`, but from position `position` on the model writes nothing. */
function fallsSilentAt(weights: Weights, position: number): Weights {
	const {lm} = weights;
	const run: typeof lm.run = async (rows, first, ring) => {
		const result = await lm.run(rows, first, ring);
		for (let t = 0; t < rows.length; t++) {
			if (first + t >= position) result.logits[t * vocabulary + lm.tokens.padding] = 1e9;
		}
		return result;
	};
	return {...weights, lm: {shape: lm.shape, tokens: lm.tokens, createRing: () => lm.createRing(), run}};
}

/** Loud and soft by turns, as syllables are; a hum is as loud throughout. */
function sound(frames: number, kind: 'speech' | 'hum' | 'silence'): Float32Array<ArrayBuffer> {
	const pcm = tinyMimiPcm(frames);
	return pcm.map((sample, i) => {
		if (kind === 'silence') return 0;
		return kind === 'hum' ? sample : sample * 10 ** (0.5 * Math.sin(Math.floor(i / frameSamples)) - 0.5);
	});
}

type Heard = {
	events: StreamEvent[];
	restarts: number;
	decodedSamples: number;
	positions: number[];
};

async function hear(weights: Weights, samples: Float32Array, pieceSamples = frameSamples): Promise<Heard> {
	const events: StreamEvent[] = [];
	const positions: number[] = [];
	const stream = new DelayedStream(
		weights,
		event => events.push(structuredClone(event)),
		({position}) => positions.push(position),
	);
	let decodedSamples = 0;
	for (let at = 0; at < samples.length; at += pieceSamples) {
		stream.feed(samples.subarray(at, at + pieceSamples));
		do {
			assert.ok(stream.decodedSamples >= decodedSamples, 'What is decoded was taken back.');
			decodedSamples = stream.decodedSamples;
		} while (await stream.decode());
	}
	await stream.flush();
	return {events, restarts: stream.restarts, decodedSamples: stream.decodedSamples, positions};
}

const finalsOf = ({events}: Heard) => events.filter(({type}) => type === 'final').map(({segment}) => segment);

test('a model that falls silent starts anew, hears two seconds again and goes on at the right time', async () => {
	const weights = await open();
	const silentFrom = 100;
	const samples = sound(380, 'speech');
	const heard = await hear(fallsSilentAt(weights, silentFrom), samples);
	assert.equal(heard.restarts, 1);
	assert.equal(heard.decodedSamples, samples.length);

	// Where it started anew: 25 frames before what was decoded by then.
	const again = heard.positions.indexOf(0, 1);
	const restartedAtFrame = again - 1 - 25;
	const originMs = restartedAtFrame * 80;
	// What it says from there on is what a fresh model says of that audio, until it falls silent again.
	const fresh = await hear(fallsSilentAt(weights, silentFrom), samples.subarray(restartedAtFrame * frameSamples));
	const words = (segments: ReturnType<typeof finalsOf>, byMs: number) =>
		segments.flatMap(({words}) => words.map(({text, startMs}) => `${text} ${startMs + byMs}`));
	const afterwards = finalsOf(heard).filter(({startMs}) => startMs >= originMs);
	assert.ok(afterwards.length > 0);
	assert.deepEqual(words(afterwards, 0), words(finalsOf(fresh), originMs));
	// Before it: what it said until it fell silent, at the same times.
	const earlier = finalsOf(heard).filter(({startMs}) => startMs < originMs);
	assert.ok(earlier.every(({endMs}) => endMs <= originMs));
	assert.deepEqual(
		finalsOf(heard).map(({segmentId}) => segmentId),
		finalsOf(heard).map((_, i) => i),
	);
	await close(weights);
});

for (const pieceSamples of [777, 100_000]) {
	test(`the model starts anew at the same place, ${pieceSamples} samples at a time`, async () => {
		const weights = await open({}, 4);
		const script = fallsSilentAt(weights, 100);
		const samples = sound(380, 'speech');
		const once = await hear(script, samples);
		const cut = await hear(script, samples, pieceSamples);
		assert.equal(cut.restarts, 1);
		assert.deepEqual(cut.positions, once.positions);
		assert.deepEqual(finalsOf(cut), finalsOf(once));
		await close(weights);
	});
}

test('a model that never writes starts anew less and less often', async () => {
	const weights = await open(mute);
	const seconds = 104;
	const heard = await hear(weights, sound(seconds * 12.5, 'speech'));
	assert.deepEqual(heard.events, []);
	// After 12, 24 and 48 seconds, each counted from the two seconds that are heard again.
	assert.equal(heard.restarts, 3);
	assert.equal(heard.decodedSamples, seconds * rate);
	await close(weights);
});

for (const kind of ['silence', 'hum'] as const) {
	test(`a model that writes nothing while there is ${kind} is left alone`, async () => {
		const weights = await open(mute);
		const heard = await hear(weights, sound(500, kind));
		assert.equal(heard.restarts, 0);
		await close(weights);
	});
}

test('a silence before the first sample is fed again to a model that needs one', async () => {
	const weights = await open({config: {stt_config: {audio_delay_seconds: 2.5, audio_silence_prefix_seconds: 1}}});
	const samples = sound(380, 'speech');
	const heard = await hear(fallsSilentAt(weights, 100), samples);
	assert.equal(heard.restarts, 1);
	const again = heard.positions.indexOf(0, 1);
	const restartedAtFrame = again - 1 - 13 - 25;
	const fresh = await hear(fallsSilentAt(weights, 100), samples.subarray(restartedAtFrame * frameSamples));
	assert.deepEqual(
		finalsOf(heard)
			.filter(({startMs}) => startMs >= restartedAtFrame * 80)
			.map(({text, startMs}) => `${text} ${startMs}`),
		finalsOf(fresh).map(({text, startMs}) => `${text} ${startMs + restartedAtFrame * 80}`),
	);
	await close(weights);
});
