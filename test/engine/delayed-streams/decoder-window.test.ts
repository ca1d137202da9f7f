import assert from 'node:assert/strict';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {lmConfig} from '../../../src/convert/checkpoint-config.js';
import {convertLm} from '../../../src/convert/lm-graph.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import {
	createStartTemplate,
	type DecodedPosition,
	DecodeLoop,
} from '../../../src/engine/delayed-streams/decode-loop.js';
import {argmax, LanguageModel} from '../../../src/engine/delayed-streams/language-model.js';
import {largestDifference} from '../../convert/close.js';
import {encodeSafetensors} from '../../convert/encode-safetensors.js';
import {ReferenceDecoder} from '../../convert/reference-transformer.js';
import {tinyLmCodes, tinyLmConfig, tinyLmTensors} from '../../convert/tiny-lm.js';

// The window of the real 1B model, 750 positions, on one tiny layer (specs: kyutai-stt §7.5).

const keys = {...tinyLmConfig, num_layers: 1, context: 750};
const frames = 800;
const {card, n_q: codebooks, text_card: start} = tinyLmConfig;
const tokens = {start, padding: 3, endOfPadding: 0};
const tensors = tinyLmTensors(1);

let folder: string;
let lm: LanguageModel;
let single: DecodedPosition[];

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	const file = path.join(folder, 'model.safetensors');
	await writeFile(file, encodeSafetensors(tensors));
	const checkpoint = await openSafetensors(file);
	const config = lmConfig.parse(keys);
	const shape = await convertLm(folder, {checkpoint, config, scheme: 'fp32', takesFeatures: false});
	await checkpoint.close();
	lm = await LanguageModel.load(folder, {lm: shape, tokens}, 1);
	single = await decode(() => 1);
});

after(async () => {
	await lm.graph.close();
	await rm(folder, {recursive: true});
});

async function decode(framesOf: (call: number) => number): Promise<DecodedPosition[]> {
	const decoded: DecodedPosition[] = [];
	const loop = new DecodeLoop(lm, await createStartTemplate(lm), position => decoded.push(position));
	for (let f = 0; f < frames; f++) loop.push({codes: tinyLmCodes(f)});
	while (loop.waiting > 0) await loop.step(framesOf(loop.calls));
	return decoded;
}

/** Logits of all positions, the tokens of `single` fed back. */
function reference(context: number): Float64Array[] {
	const decoder = new ReferenceDecoder(tensors, {...keys, context});
	return single.map((_, n) => {
		const codes = n === 0 ? Array<number>(codebooks).fill(card) : tinyLmCodes(n - 1);
		return decoder.step(n === 0 ? start : single[n - 1]!.token, codes);
	});
}

test('a window of 750 positions slides as in a reference in double', () => {
	const expected = reference(750);
	for (const [n, logits] of expected.entries()) {
		const difference = largestDifference(single[n]!.logits, logits);
		assert.ok(difference <= 2e-5, `logits of position ${n} differ by ${difference}`);
		assert.equal(single[n]!.token, argmax(Float32Array.from(logits), 0, logits.length), `token ${n}`);
	}
});

for (const context of [749, 751]) {
	test(`a window of ${context} would be noticed`, () => {
		const other = reference(context);
		const differences = single.map(({logits}, n) => largestDifference(logits, other[n]!));
		assert.ok(Math.max(...differences.slice(0, 749)) <= 2e-5);
		assert.ok(Math.max(...differences.slice(751)) > 1e-4);
	});
}

for (const [title, framesOf] of [
	['2', () => 2],
	['8', () => 8],
	['mixed numbers of', (call: number) => [3, 1, 8, 2, 5][call % 5]!],
] as const) {
	test(`${title} frames a call give the tokens and logits of one, past the wrap of 749 slots`, async () => {
		const several = await decode(framesOf);
		assert.deepEqual(
			several.map(({token}) => token),
			single.map(({token}) => token),
		);
		for (const [n, {logits}] of several.entries()) {
			assert.ok(largestDifference(logits, single[n]!.logits) <= 2e-5, `position ${n}`);
		}
	});
}
