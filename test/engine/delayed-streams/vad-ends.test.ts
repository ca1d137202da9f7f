import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {convertKyutai} from '../../../src/convert/convert-kyutai.js';
import {DelayedStream, type Weights} from '../../../src/engine/delayed-streams/delayed-stream.js';
import {loadWeights} from '../../../src/engine/delayed-streams/engine.js';
import type {Segment} from '../../../src/session/segment.js';
import {tinyPieces, writeTinyKyutai} from '../../convert/tiny-kyutai.js';
import {tinyLmConfig} from '../../convert/tiny-lm.js';
import {tinyMimiPcm} from '../../convert/tiny-mimi.js';

// A real package whose decoder's outputs are overwritten by a script, so that it is known what its text and its VAD say.

const frames = 100;
const {text_card: vocabulary, extra_heads_num_heads: heads, extra_heads_dim: classes} = tinyLmConfig;
const word = tinyPieces.findIndex((piece, id) => id >= 4 && piece.startsWith('▁'));
/** 0.5 s, rounded to frames of 80 ms. */
const delayFrames = 6;

let folder: string;
let weights: Awaited<ReturnType<typeof loadWeights>>;

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	await writeTinyKyutai(path.join(folder, 'checkpoint'));
	const modelDir = path.join(folder, 'package');
	const manifest = await convertKyutai(path.join(folder, 'checkpoint'), modelDir, {
		scheme: 'fp32',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
		source: {description: 'a test'},
	});
	weights = await loadWeights(modelDir, manifest, {threads: 1, framesPerCall: 1});
});

after(async () => {
	await weights.frontend.close();
	await weights.lm.graph.close();
	await rm(folder, {recursive: true});
});

type Script = {
	/** Positions at which a word is written. */
	words: readonly number[];
	/** From which position to which head `head` tells a pause. */
	pause: readonly [from: number, to: number];
	head: number;
};

function scripted({words, pause: [from, to], head}: Script, usable = true): Weights {
	const {lm, manifest} = weights;
	const run: typeof lm.run = async (rows, first, ring) => {
		const result = await lm.run(rows, first, ring);
		for (let t = 0; t < rows.length; t++) {
			const position = first + t;
			result.logits[t * vocabulary + (words.includes(position) ? word : lm.tokens.padding)] = 1e9;
			const isPause = position >= from && position < to;
			for (let h = 0; h < heads; h++) {
				result.vad[(t * heads + h) * classes] = h === head && isPause ? 0.9 : 0.1;
			}
		}
		return result;
	};
	return {
		...weights,
		manifest: {...manifest, lm: {...manifest.lm, vad: {...manifest.lm.vad, usable}}},
		lm: {shape: lm.shape, tokens: lm.tokens, createRing: () => lm.createRing(), run},
	};
}

/** Position behind which each caption became final; it is loud throughout, or silent from frame `quietFrom` on. */
async function closedAt(script: Weights, quietFrom = frames): Promise<number[]> {
	const closed: {segment: Segment; position: number}[] = [];
	let decoded = 0;
	const stream = new DelayedStream(
		script,
		({type, segment}) => type === 'final' && closed.push({segment, position: decoded}),
		({position}) => {
			decoded = position;
		},
	);
	stream.feed(tinyMimiPcm(frames).map((sample, i) => (i < quietFrom * 1920 ? sample : 0)));
	while (await stream.decode());
	return closed.map(({position}) => position);
}

test('the head of two seconds ends captions when the words before the pause are written', async () => {
	const script = {words: [30, 32], pause: [33, 99], head: 2} as const;
	assert.deepEqual(await closedAt(scripted(script)), [33 + delayFrames]);
});

for (const head of [0, 1, 3]) {
	test(`head ${head} ends none`, async () => {
		// What is left is 1.2 s without words.
		const script = {words: [30, 32], pause: [33, 99], head} as const;
		assert.deepEqual(await closedAt(scripted(script)), [32 + 15]);
	});
}

test('a pause before the first word ends none', async () => {
	assert.deepEqual(await closedAt(scripted({words: [30], pause: [12, 29], head: 2})), [30 + 15]);
});

test('where the VAD is not usable, quiet ends captions', async () => {
	const script = scripted({words: [30, 32], pause: [33, 99], head: 2}, false);
	assert.deepEqual(await closedAt(script), [32 + 15]);
	// Silent from frame 28 on, which position 29 hears: 480 ms of it lie before the delay at position 29 + 6 + 6 − 1.
	assert.deepEqual(await closedAt(script, 28), [29 + delayFrames + 5]);
});
