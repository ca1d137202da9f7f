import {parseArgs} from 'node:util';
import {openAudio} from '../../src/audio/open-audio.js';
import {demoRecordings} from '../../src/cli/demo-recordings.js';
import type {Scheme} from '../../src/convert/linear.js';
import type {SyntheticModel} from '../../src/convert/synthetic-shapes.js';
import {Frontend} from '../../src/engine/delayed-streams/frontend.js';
import {argmax, LanguageModel, type LmRow} from '../../src/engine/delayed-streams/language-model.js';
import {readModelPackage} from '../../src/engine/model-package.js';
import {withHeardPadding} from '../../src/models/bench/heard-padding.js';
import {syntheticPackage} from '../../src/models/synthetic-package.js';

// npm run prove -- frames-per-call: several frames a call against one, on speech, teacher-forced: both read the tokens that one frame a call has written.
// Their logits differ by last bits, which quantised activations amplify. A token may differ only where the reference was undecided within that difference.

const {values} = parseArgs({
	options: {
		model: {type: 'string', default: 'kyutai-1b'},
		schemes: {type: 'string', default: '4-bit,8-bit'},
		frames: {type: 'string', default: '200'},
		threads: {type: 'string', default: '2'},
	},
});
const frames = Number(values.frames);
const threads = Number(values.threads);
let isProven = true;

console.log(`Synthetic ${values.model}, ${frames} frames of speech, ${new Date().toISOString().slice(0, 10)}`);
for (const scheme of values.schemes.split(',')) await prove(scheme as Scheme);
process.exit(isProven ? 0 : 1);

async function prove(scheme: Scheme): Promise<void> {
	const dir = await syntheticPackage(values.model as SyntheticModel, scheme);
	const manifest = await readModelPackage(dir);
	const {vocabulary} = manifest.lm;
	// No frame is heard as PAD: PAD would win by far, and nothing would be undecided.
	const frontend = withHeardPadding(await Frontend.load(dir, manifest, threads), 0);
	const samples = await speech(manifest.sampleRate, frames * manifest.frameSamples);
	const {codes} = await frontend.run(samples, frontend.createState());
	await frontend.close();

	const lm = await LanguageModel.load(dir, manifest, threads);
	const decode = async (T: number, tokenBefore: (position: number) => number, onLogits = (_: Float32Array) => {}) => {
		const ring = lm.createRing();
		const logits: Float32Array[] = [];
		for (let position = 0; position <= frames; ) {
			const count = position === 0 ? 1 : Math.min(T, frames + 1 - position);
			const rows = Array.from({length: count}, (_, t): LmRow => {
				const at = position + t;
				return {token: tokenBefore(at), frame: at === 0 ? undefined : {codes: codes[at - 1]!}};
			});
			const result = await lm.run(rows, position, ring);
			ring.commit(result, count, count, position);
			for (let t = 0; t < count; t++) {
				const row = result.logits.slice(t * vocabulary, (t + 1) * vocabulary);
				logits.push(row);
				onLogits(row);
			}
			position += count;
		}
		return logits;
	};

	const tokens: number[] = [];
	const tokenBefore = (position: number) => (position === 0 ? lm.tokens.start : tokens[position - 1]!);
	const reference = await decode(1, tokenBefore, row => tokens.push(argmax(row, 0, vocabulary)));
	for (const T of [2, 4, 8]) compare(scheme, T, reference, await decode(T, tokenBefore));
	await lm.graph.close();
}

function compare(scheme: string, T: number, reference: readonly Float32Array[], logits: readonly Float32Array[]): void {
	const differing: {margin: number; bound: number}[] = [];
	let largest = 0;
	for (const [position, expected] of reference.entries()) {
		const actual = logits[position]!;
		const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
		largest = Math.max(largest, difference);
		const best = argmax(expected, 0, expected.length);
		if (argmax(actual, 0, actual.length) === best) continue;
		const second = expected.reduce((most, value, i) => (i === best ? most : Math.max(most, value)), -Infinity);
		differing.push({margin: expected[best]! - second, bound: 2 * difference});
	}
	const isWithin = differing.every(({margin, bound}) => margin < bound);
	if (!isWithin) isProven = false;
	const margins = differing.map(({margin, bound}) => `${margin.toFixed(4)} < ${bound.toFixed(4)}`).join(', ');
	console.log(
		`${isWithin ? '✔' : '✘'} ${scheme}, T = ${T}: ${differing.length} of ${reference.length} tokens differ, logits by at most ${largest.toFixed(4)}${margins ? `; margins ${margins}` : ''}`,
	);
}

/** The demo's recordings, again and again, `count` samples of them. */
async function speech(sampleRate: number, count: number): Promise<Float32Array> {
	const samples = new Float32Array(count);
	let filled = 0;
	while (filled < count) {
		for (const {path} of await demoRecordings()) {
			const source = await openAudio(path, {sampleRate});
			for await (const chunk of source.chunks()) {
				const piece = chunk.samples.subarray(0, count - filled);
				samples.set(piece, filled);
				filled += piece.length;
			}
			await source.close();
		}
	}
	return samples;
}
