import path from 'node:path';
import {openAudio} from '../../src/audio/open-audio.js';
import {loadEngine} from '../../src/engine/engine.js';
import {framesPerCall} from '../../src/engine/latency.js';
import type {Segment} from '../../src/session/segment.js';
import {shortTime} from '../../src/session/time-text.js';
import {wordErrors} from '../../src/session/word-errors.js';
import {projectRoot} from '../../src/system/project-root.js';
import {seededRandom} from '../../test/session/hostile-text.js';
import {corpora} from '../corpora.js';
import {captionResumed, captionUninterrupted} from '../measure-resume.js';
import {errorRate} from '../measure-word-errors.js';

// npm run prove -- resume [cuts] [seed]: recordings one behind the other, whose recorder dies at random moments. Ends with 1 where a final was changed or doubled, or a word is missing away from the cut.

const [nCuts = 30, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const engine = await loadEngine(path.join(projectRoot, 'models', 'embedded'), {
	threads: 1,
	framesPerCall: framesPerCall.balanced,
});
/** Enough to cut in, and not too much to decode so often. */
const minutes = 4;

const pieces: Float32Array[] = [];
const said: string[] = [];
let nSamples = 0;
for (const {file, reference} of [...corpora()[1]!.clips, ...corpora()[3]!.clips, ...corpora()[0]!.clips]) {
	if (nSamples >= minutes * 60 * engine.sampleRate) break;
	said.push(reference);
	const source = await openAudio(file, {sampleRate: engine.sampleRate});
	for await (const {samples} of source.chunks()) {
		pieces.push(samples);
		nSamples += samples.length;
	}
}
const samples = new Float32Array(nSamples);
let at = 0;
for (const piece of pieces) {
	samples.set(piece, at);
	at += piece.length;
}

const whole = await captionUninterrupted(engine, samples);
console.log(
	`Resume: ${new Date().toISOString()}, seed ${seed}, ${nCuts} cuts in ${shortTime((nSamples * 1000) / engine.sampleRate)}`,
);
console.log('cut      last final  words  wrong (S I D)      missing  doubled  changed');
const sum = {words: 0, wrong: 0, missing: 0, doubled: 0, changed: 0};
const errorsOf = (segments: readonly Segment[]) => wordErrors(said.join(' '), segments.map(({text}) => text).join(' '));
const resumedRates: number[] = [];
for (let cut = 0; cut < nCuts; cut++) {
	const atSample = Math.floor(random() * nSamples);
	const {cutMs, knownEndMs, segments, nKnown, errors, missing, doubled} = await captionResumed(engine, whole, atSample);
	const changed = segments
		.slice(0, nKnown)
		.filter((segment, i) => JSON.stringify(segment) !== JSON.stringify(whole.finals[i]!.segment)).length;
	const isCounted = segments.every(({segmentId}, i) => segmentId === i);
	const {words, wrong, substitutions, insertions, deletions} = errors;
	console.log(
		[
			shortTime(cutMs).padEnd(8),
			shortTime(knownEndMs).padEnd(11),
			String(words).padStart(5),
			` ${wrong} (${substitutions} ${insertions} ${deletions})`.padEnd(20),
			`${missing.length}`.padStart(5),
			`${doubled.length}`.padStart(8),
			`${changed}${isCounted ? '' : ' (ids)'}`.padStart(8),
			...missing.map(word => `missing ${word.text} at ${shortTime(word.startMs)}`),
			...doubled.map(word => `doubled ${word.text} at ${shortTime(word.startMs)}`),
		].join(' '),
	);
	resumedRates.push(errorRate(errorsOf(segments)));
	sum.words += words;
	sum.wrong += wrong;
	sum.missing += missing.length;
	sum.doubled += doubled.length;
	sum.changed += changed + (isCounted ? 0 : 1);
}
await engine.close();
const wholeRate = errorRate(errorsOf(whole.finals.map(({segment}) => segment)));
const meanRate = resumedRates.reduce((total, rate) => total + rate, 0) / resumedRates.length;
console.log(
	`WER against what was said: ${wholeRate.toFixed(2)} % uninterrupted, ${meanRate.toFixed(2)} % resumed (mean; ${Math.min(...resumedRates).toFixed(2)} to ${Math.max(...resumedRates).toFixed(2)})`,
);
console.log(
	`WER against the uninterrupted run: ${sum.wrong}/${sum.words} = ${((100 * sum.wrong) / sum.words).toFixed(3)} %`,
);
console.log(
	`${sum.changed} finals changed, ${sum.doubled} words doubled, ${sum.missing} missing more than 2 s from the cut`,
);
process.exit(sum.changed + sum.doubled + sum.missing === 0 ? 0 : 1);
