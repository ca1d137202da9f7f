import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import {captionResumed, captionUninterrupted} from '../../bench/measure-resume.js';
import {openAudio} from '../../src/audio/open-audio.js';
import {loadEngine} from '../../src/engine/engine.js';
import {projectRoot} from '../project-root.js';
import {seed, seededRandom} from '../session/hostile-text.js';

test(`a recorder that dies changes and doubles no final, and no word is missing away from the cut (SEED=${seed})`, async () => {
	const engine = await loadEngine(path.join(projectRoot, 'models', 'embedded'), {threads: 1, framesPerCall: 2});
	const file = path.join(projectRoot, 'test/fixtures/embedded/parity/minute.wav');
	const source = await openAudio(file, {sampleRate: engine.sampleRate});
	const chunks: number[] = [];
	for await (const {samples} of source.chunks()) chunks.push(...samples);
	const whole = await captionUninterrupted(engine, Float32Array.from(chunks));
	const random = seededRandom(seed);
	for (let cut = 0; cut < 3; cut++) {
		const {segments, nKnown, missing, doubled} = await captionResumed(engine, whole, random() * chunks.length);
		assert.deepEqual(
			segments.slice(0, nKnown),
			whole.finals.slice(0, nKnown).map(({segment}) => segment),
		);
		assert.deepEqual(
			segments.map(({segmentId}) => segmentId),
			segments.map((_, i) => i),
		);
		assert.deepEqual({missing, doubled}, {missing: [], doubled: []});
	}
	await engine.close();
});
