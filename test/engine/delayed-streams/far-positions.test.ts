import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {lmConfig, readConfig} from '../../../src/convert/checkpoint-config.js';
import {convertLm} from '../../../src/convert/lm-graph.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import {LanguageModel} from '../../../src/engine/delayed-streams/language-model.js';
import {largestDifference} from '../../convert/close.js';
import {tinyLmCodes, tinyLmConfig, tinyLmTokens, writeTinyLm} from '../../convert/tiny-lm.js';

// Positions count up for as long as a session lasts; only their differences may matter (specs: kyutai-stt §4.3).

const tokens = {start: tinyLmConfig.text_card, padding: 3, endOfPadding: 0};
const positionsPerHour = 3600 * 12.5;
const {text_card: vocabulary} = tinyLmConfig;

let folder: string;
let lm: LanguageModel;

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	await writeTinyLm(folder);
	const checkpoint = await openSafetensors(path.join(folder, 'model.safetensors'));
	const config = await readConfig(path.join(folder, 'config.json'), lmConfig);
	const shape = await convertLm(folder, {checkpoint, config, scheme: 'fp32', takesFeatures: false});
	await checkpoint.close();
	lm = await LanguageModel.load(folder, {lm: shape, tokens}, 1);
});

after(async () => {
	await lm.graph.close();
	await rm(folder, {recursive: true});
});

/** Logits of the reference's 41 positions when the first of them is position `offset`. */
async function decodeFrom(offset: number, T: number): Promise<Float32Array[]> {
	const ring = lm.createRing();
	const logits: Float32Array[] = [];
	while (logits.length < tinyLmTokens.length) {
		const first = logits.length;
		const rows = Array.from({length: Math.min(T, tinyLmTokens.length - first)}, (_, t) => {
			const n = first + t;
			if (n === 0) return {token: tokens.start, frame: undefined};
			return {token: tinyLmTokens[n - 1]!, frame: {codes: tinyLmCodes(n - 1)}};
		});
		const result = await lm.run(rows, offset + first, ring);
		ring.commit(result, rows.length, rows.length, offset + first);
		for (let t = 0; t < rows.length; t++) logits.push(result.logits.slice(t * vocabulary, (t + 1) * vocabulary));
	}
	return logits;
}

for (const hours of [4, 24, 1000]) {
	for (const T of [1, 4]) {
		test(`after ${hours} hours the decoder computes what it did in the first second, ${T} frames a call`, async () => {
			const near = await decodeFrom(0, 1);
			const far = await decodeFrom(hours * positionsPerHour, T);
			for (const [n, logits] of far.entries()) {
				const difference = largestDifference(logits, near[n]!);
				assert.ok(difference <= 2e-5, `position ${n}: ${difference}`);
				assert.equal(logits.indexOf(Math.max(...logits)), tinyLmTokens[n]);
			}
		});
	}
}
