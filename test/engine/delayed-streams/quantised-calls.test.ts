import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {lmConfig, readConfig} from '../../../src/convert/checkpoint-config.js';
import type {Scheme} from '../../../src/convert/linear.js';
import {convertLm} from '../../../src/convert/lm-graph.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import {argmax, LanguageModel} from '../../../src/engine/delayed-streams/language-model.js';
import {largestDifference} from '../../convert/close.js';
import {tinyLmCodes, tinyLmConfig, writeTinyLm} from '../../convert/tiny-lm.js';

// Quantised weights turn the last bits that the size of a call changes into larger differences. Here it is measured how large, frame by frame, the text being given.

const positions = 2001;
const vocabulary = tinyLmConfig.text_card;
const tokens = {start: vocabulary, padding: 3, endOfPadding: 0};

let root: string;

before(async () => {
	root = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	await writeTinyLm(path.join(root, 'checkpoint'));
});

after(() => rm(root, {recursive: true}));

async function open(scheme: Scheme): Promise<LanguageModel> {
	const folder = await mkdtemp(path.join(root, 'package-'));
	const checkpoint = await openSafetensors(path.join(root, 'checkpoint', 'model.safetensors'));
	const config = await readConfig(path.join(root, 'checkpoint', 'config.json'), lmConfig);
	const shape = await convertLm(folder, {checkpoint, config, scheme, takesFeatures: false});
	await checkpoint.close();
	return LanguageModel.load(folder, {lm: shape, tokens}, 1);
}

/** Logits of every position, T a call and every row kept; the text is `text`, or greedy where there is none (T = 1). */
async function logitsOf(lm: LanguageModel, T: number, text?: readonly number[]): Promise<Float32Array[]> {
	const ring = lm.createRing();
	const logits: Float32Array[] = [];
	const tokenAt = (n: number) => {
		if (n === 0) return tokens.start;
		return text ? text[n - 1]! : argmax(logits[n - 1]!, 0, vocabulary);
	};
	while (logits.length < positions) {
		const first = logits.length;
		const rows = Array.from({length: Math.min(T, positions - first)}, (_, t) => ({
			token: tokenAt(first + t),
			frame: first + t === 0 ? undefined : {codes: tinyLmCodes(first + t - 1)},
		}));
		const result = await lm.run(rows, first, ring);
		ring.commit(result, rows.length, rows.length, first);
		for (let t = 0; t < rows.length; t++) {
			logits.push(result.logits.slice(t * vocabulary, (t + 1) * vocabulary));
		}
	}
	return logits;
}

const marginOf = (logits: Float32Array) => {
	const [best, second] = [...logits].sort((a, b) => b - a);
	return best! - second!;
};

for (const [scheme, bound] of [
	['8-bit', 0.05],
	['4-bit', 0.1],
] as const) {
	test(`${scheme}: several frames a call move no logit by more than ${bound}, and only near-ties turn`, async t => {
		const lm = await open(scheme);
		const single = await logitsOf(lm, 1);
		const text = single.map(logits => argmax(logits, 0, vocabulary));
		for (const T of [2, 3, 4, 8]) {
			const several = await logitsOf(lm, T, text);
			const differences = several.map((logits, n) => largestDifference(logits, single[n]!));
			const turned = several.flatMap((logits, n) => (argmax(logits, 0, vocabulary) === text[n] ? [] : [n]));
			const margins = turned.map(n => marginOf(single[n]!));
			const largest = Math.max(...differences);
			t.diagnostic(
				`${scheme}, T = ${T}: ${turned.length} of ${positions} tokens turn, margins [${margins.map(margin => margin.toFixed(5))}], largest logit difference ${largest.toFixed(5)}`,
			);
			assert.ok(largest <= bound, `T = ${T}: ${largest}`);
			for (const [i, n] of turned.entries()) assert.ok(margins[i]! < 2 * differences[n]!, `position ${n}`);
		}
		await lm.graph.close();
	});
}
