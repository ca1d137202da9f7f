import assert from 'node:assert/strict';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import type {AudioSource} from '../../../src/audio/audio-source.js';
import {convertKyutai} from '../../../src/convert/convert-kyutai.js';
import {startEngine} from '../../../src/engine/client.js';
import {loadDelayedStreamsEngine} from '../../../src/engine/delayed-streams/engine.js';
import {type ModelManifest, readModelPackage} from '../../../src/engine/model-package.js';
import type {Segment} from '../../../src/session/segment.js';
import {makeWav} from '../../audio/make-wav.js';
import {run} from '../../cli/command.js';
import {LmRunner} from '../../convert/run-lm.js';
import {MimiRunner} from '../../convert/run-mimi.js';
import {type TinyKyutaiOptions, tinyPieces, writeTinyKyutai} from '../../convert/tiny-kyutai.js';
import {tinyLmConfig} from '../../convert/tiny-lm.js';
import {tinyMimiPcm} from '../../convert/tiny-mimi.js';

// The whole chain on tiny models that speak the same codes: PCM → codes → tokens → words with times. Expected tokens come from the graphs, run one frame
// at a time by the plainest means; the graphs themselves are held to the official code elsewhere.

const frameSamples = 1920;
const frames = 220;
const pcm = tinyMimiPcm(frames);
const {card, n_q: codebooks, text_card: start} = tinyLmConfig;

let root: string;
let packages = 0;

before(async () => {
	root = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
});

after(() => rm(root, {recursive: true}));

async function convert(written: TinyKyutaiOptions = {}): Promise<{modelDir: string; manifest: ModelManifest}> {
	const folder = path.join(root, String(packages++));
	const modelDir = path.join(folder, 'package');
	await writeTinyKyutai(path.join(folder, 'checkpoint'), written);
	const manifest = await convertKyutai(path.join(folder, 'checkpoint'), modelDir, {
		scheme: 'fp32',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
		source: {description: 'a test'},
	});
	return {modelDir, manifest: await readModelPackage(modelDir).then(() => manifest)};
}

type Package = Awaited<ReturnType<typeof convert>>;

/** Frames of silence before the first sample and after the last (specs: kyutai-stt §6.2, §6.5). */
const silences = ({delayMs, silencePrefixMs}: ModelManifest) => ({
	before: Math.ceil(silencePrefixMs / 80),
	after: Math.ceil((delayMs + 1000) / 80),
});

/** Greedy tokens of all positions of `samples`, one frame a call. */
async function expectedTokens({modelDir, manifest}: Package, samples: Float32Array = pcm): Promise<number[]> {
	const {before, after} = silences(manifest);
	const padded = new Float32Array((before + frames + after) * frameSamples);
	padded.set(samples, before * frameSamples);
	const mimi = await MimiRunner.open(modelDir, manifest as never);
	const lm = await LmRunner.open(modelDir, manifest.lm);
	const tokens: number[] = [];
	let codes = Array<number>(codebooks).fill(card);
	for (let n = 0; ; n++) {
		const rows = codes.map((code, q) => start + 1 + q * (card + 1) + code);
		const {logits} = await lm.run([{idx: [tokens.at(-1) ?? start, ...rows]}]);
		tokens.push(logits.indexOf(Math.max(...logits)));
		if (n === before + frames + after) break;
		codes = (await mimi.run(padded.slice(n * frameSamples, (n + 1) * frameSamples))).codes;
	}
	await mimi.session.release();
	await lm.close();
	return tokens;
}

/** Words and their times as the specification tells them: a piece with ▁ starts one, `delay` and the prefix are subtracted, nothing is before 0, and position 0 says nothing. */
function expectedWords(tokens: readonly number[], {delayMs, silencePrefixMs}: ModelManifest) {
	const words: {text: string; startMs: number}[] = [];
	const prefixMs = Math.ceil(silencePrefixMs / 80) * 80;
	for (const [n, token] of tokens.entries()) {
		if (n === 0 || token < 4) continue;
		const piece = tinyPieces[token]!;
		const startMs = Math.max(0, 80 * n - delayMs - prefixMs);
		if (words.length === 0 || piece.startsWith('▁')) words.push({text: piece.replace('▁', ''), startMs});
		else words.at(-1)!.text += piece;
	}
	return words;
}

/** Finals of the whole recording, by the engine in its worker. */
async function captioned(modelDir: string, framesPerCall: number, chunkSamples = 24_000): Promise<Segment[]> {
	const engine = await startEngine({modelDir, threads: 1, framesPerCall});
	async function* chunks() {
		for (let at = 0; at < pcm.length; at += chunkSamples) {
			yield {samples: pcm.slice(at, at + chunkSamples), startSample: at};
		}
	}
	const source: AudioSource = {
		name: 'memory',
		sampleRate: engine.sampleRate,
		estimatedSamples: pcm.length,
		warnings: [],
		chunks,
		close: async () => {},
	};
	const segments: Segment[] = [];
	for await (const event of engine.captions(source)) if (event.type === 'final') segments.push(event.segment);
	await engine.close();
	return segments;
}

const wordsOf = (segments: readonly Segment[]) =>
	segments.flatMap(({words}) => words.map(({text, startMs}) => ({text, startMs})));

/** Tokens of the whole recording, by the engine in this thread. */
async function decodedTokens({modelDir, manifest}: Package, framesPerCall: number): Promise<number[]> {
	const engine = await loadDelayedStreamsEngine(modelDir, manifest, {threads: 1, framesPerCall});
	const tokens: number[] = [];
	const stream = engine.createStream(
		() => {},
		({token}) => tokens.push(token),
	);
	for (let at = 0; at < pcm.length; at += 10_000) {
		stream.feed(pcm.subarray(at, at + 10_000));
		while (await stream.decode());
	}
	await stream.flush();
	await engine.close();
	// A flush ends with position 0 of what comes next.
	return tokens.slice(0, -1);
}

test('words and their times are the same for every number of frames a call and every cut', async () => {
	const {modelDir, manifest} = await convert();
	const tokens = await expectedTokens({modelDir, manifest});
	const words = expectedWords(tokens, manifest);
	assert.ok(words.length > 50 && new Set(tokens).size > 20, 'The tiny models say too little to compare.');
	const once = await captioned(modelDir, 1);
	assert.ok(once.length > 1);
	assert.deepEqual(wordsOf(once), words);
	for (const framesPerCall of [2, 3, 4, 8]) assert.deepEqual(await captioned(modelDir, framesPerCall), once);
	assert.deepEqual(await captioned(modelDir, 4, 777), once);
});

const variants: [title: string, TinyKyutaiOptions][] = [
	['old names, folded, heads, F32', {}],
	['new names, weight normalisation, heads, F32', {names: 'new', isFolded: false}],
	['new names, folded, no heads, BF16', {names: 'new', hasHeads: false, dtype: 'BF16'}],
	['old names, weight normalisation, no heads, F32', {isFolded: false, hasHeads: false}],
	['old names, weight normalisation, heads, BF16', {isFolded: false, dtype: 'BF16'}],
];

for (const [title, written] of variants) {
	test(`every number of frames a call gives the tokens of one: ${title}`, async () => {
		const converted = await convert(written);
		const tokens = await expectedTokens(converted);
		for (const framesPerCall of [1, 2, 3, 4, 8]) {
			assert.deepEqual(await decodedTokens(converted, framesPerCall), tokens, `${framesPerCall} frames a call`);
		}
		// What the checkpoint is called changes nothing; only BF16 is another model.
		const isBf16 = written.dtype === 'BF16';
		const plain = await expectedTokens(await convert(isBf16 ? {dtype: 'rounded'} : {}));
		assert.deepEqual(tokens, plain);
	});
}

for (const [delay, prefix, before, after] of [
	[0.5, 0, 0, 19],
	[0.5, 1, 13, 19],
	[2.5, 1, 13, 44],
	[2.5, 0.04, 1, 44],
] as const) {
	test(`${delay} s of delay and ${prefix} s of silence before the first sample are taken off the times`, async () => {
		const config = {stt_config: {audio_delay_seconds: delay, audio_silence_prefix_seconds: prefix}};
		const converted = await convert({config});
		assert.deepEqual(silences(converted.manifest), {before, after});
		const tokens = await expectedTokens(converted);
		assert.equal(tokens.length, 1 + before + frames + after);
		assert.deepEqual(await decodedTokens(converted, 4), tokens);
		assert.deepEqual(wordsOf(await captioned(converted.modelDir, 4)), expectedWords(tokens, converted.manifest));
	});
}

for (const scheme of ['8-bit', '4-bit'] as const) {
	test(`a ${scheme} package runs through the engine`, async () => {
		const folder = path.join(root, String(packages++));
		await writeTinyKyutai(path.join(folder, 'checkpoint'));
		const modelDir = path.join(folder, 'package');
		await convertKyutai(path.join(folder, 'checkpoint'), modelDir, {
			scheme,
			id: 'tiny',
			name: 'Tiny',
			licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
			source: {description: 'a test'},
		});
		assert.ok(wordsOf(await captioned(modelDir, 4)).length > 50);
	});
}

for (const [title, written] of [
	['old names, folded', {}],
	['new names, weight normalisation', {names: 'new', isFolded: false}],
] as [string, TinyKyutaiOptions][]) {
	test(`from the checkpoint to the transcript by the commands alone: ${title}`, async () => {
		const folder = path.join(root, String(packages++));
		const checkpoint = path.join(folder, 'checkpoint');
		const modelDir = path.join(folder, 'package');
		await writeTinyKyutai(checkpoint, written);
		// Its own homes, so that nothing of this machine's user counts.
		const homes = ['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'];
		const env = Object.fromEntries(homes.map(name => [name, path.join(folder, name)]));
		const converted = await run(['models', 'convert', checkpoint, '--scheme', 'fp32', '--output', modelDir], {env});
		assert.equal(converted.code, 0, converted.stderr);

		const spoken = Int16Array.from(pcm, sample => Math.round(32_767 * Math.max(-1, Math.min(1, sample))));
		const wav = path.join(folder, 'spoken.wav');
		await writeFile(wav, makeWav({rate: 24_000, data: new Uint8Array(spoken.buffer)}));
		const manifest = await readModelPackage(modelDir);
		const heard = Float32Array.from(spoken, sample => sample / 32_768);
		const expected = expectedWords(await expectedTokens({modelDir, manifest}, heard), manifest);
		const transcript = await run(['transcribe', wav, '--model', modelDir, '--format', 'json', '--words'], {env});
		assert.equal(transcript.code, 0, transcript.stderr);
		const {segments} = JSON.parse(transcript.stdout) as {segments: Segment[]};
		assert.ok(expected.length > 50);
		assert.deepEqual(wordsOf(segments), expected);
	});
}
