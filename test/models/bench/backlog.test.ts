import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Decoder} from '../../../src/engine/delayed-streams/decode-loop.js';
import {DelayedStream} from '../../../src/engine/delayed-streams/delayed-stream.js';
import {loadWeights} from '../../../src/engine/delayed-streams/engine.js';
import {readModelPackage} from '../../../src/engine/model-package.js';
import {withHeardPadding} from '../../../src/models/bench/heard-padding.js';
import {runLive} from '../../../src/models/bench/live-run.js';
import {syntheticPackage} from '../../../src/models/synthetic-package.js';
import {temporaryFolder} from '../../convert/temporary-folder.js';

test('a machine that is too slow falls behind while no guess is right, loses nothing, and catches up when guesses are right', async t => {
	const dir = await syntheticPackage('tiny', '4-bit', {folder: await temporaryFolder(t)});
	const manifest = await readModelPackage(dir);
	const {sampleRate, frameSamples, tokens} = manifest;
	const weights = await loadWeights(dir, manifest, {threads: 1, framesPerCall: 2});
	const {lm, frontend} = weights;

	let clock = 0;
	/** A call of two frames takes 130 ms: 1.6 times what one frame lasts, and 0.8 of what two last. */
	const slow: Decoder = {
		shape: lm.shape,
		tokens: lm.tokens,
		createRing: () => lm.createRing(),
		async run(...call) {
			clock += 130;
			return lm.run(...call);
		},
	};
	const [words, silence] = [withHeardPadding(frontend, 0), withHeardPadding(frontend, 1)];
	const wordFrames = 100;
	const positions: number[] = [];
	const backlogs: {audioMs: number; backlogMs: number}[] = [];
	let heard = 0;
	const live = await runLive(
		(emit, onPosition) =>
			new DelayedStream(
				{
					...weights,
					lm: slow,
					frontend: {
						...words,
						async run(samples, state) {
							heard += samples.length / frameSamples;
							return (heard <= wordFrames ? words : silence).run(samples, state);
						},
					},
				},
				emit,
				decoded => {
					positions.push(decoded.position);
					onPosition(decoded);
				},
			),
		{
			sampleRate,
			frameSamples,
			padding: tokens.padding,
			samples: Float32Array.from({length: 77_777}, (_, i) => 0.1 * Math.sin(i * i)),
			minutes: 1,
			now: () => clock,
			wait: async ms => {
				clock += ms;
			},
			onProgress: ({audioMs, backlogMs}) => backlogs.push({audioMs, backlogMs}),
		},
	);
	await frontend.close();
	await lm.graph.close();

	const largest = Math.max(...backlogs.map(({backlogMs}) => backlogMs));
	assert.ok(largest > 1500, `${largest} ms behind at most`);
	assert.ok(live.backlogMs.end < 400, `${live.backlogMs.end} ms behind at the end`);
	assert.deepEqual(positions, [...positions.keys()]);
	assert.ok(positions.length > 740, `${positions.length} positions`);
});
