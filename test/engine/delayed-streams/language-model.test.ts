import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {lmConfig, readConfig} from '../../../src/convert/checkpoint-config.js';
import {convertLm} from '../../../src/convert/lm-graph.js';
import {openSafetensors} from '../../../src/convert/safetensors.js';
import {
	createStartTemplate,
	type DecodedPosition,
	DecodeLoop,
} from '../../../src/engine/delayed-streams/decode-loop.js';
import {LanguageModel} from '../../../src/engine/delayed-streams/language-model.js';
import {tinyLmCodes, tinyLmConfig, tinyLmTokens, writeTinyLm} from '../../convert/tiny-lm.js';

// Expected values: specs kyutai-stt §9.1, computed by the official PyTorch code.

const tokens = {start: tinyLmConfig.text_card, padding: 3, endOfPadding: 0};
const positions = 40;

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

/** Greedy decoding of `frames` frames that all wait from the start, as in the spec's count of calls. */
async function decode(framesPerCall: number | ((call: number) => number), frames = positions) {
	const decoded: DecodedPosition[] = [];
	const loop = new DecodeLoop(lm, await createStartTemplate(lm), position => decoded.push(position));
	for (let f = 0; f < frames; f++) loop.push({codes: tinyLmCodes(f)});
	while (loop.waiting > 0) {
		await loop.step(typeof framesPerCall === 'number' ? framesPerCall : framesPerCall(loop.calls));
	}
	return {decoded, calls: loop.calls};
}

const tokensOf = (decoded: DecodedPosition[]) => decoded.map(({token}) => token);

for (const [framesPerCall, calls] of [
	[1, 40],
	[2, 32],
	[3, 28],
	[4, 24],
	[8, 18],
] as const) {
	test(`${framesPerCall} frames a call give the reference tokens in ${calls} calls`, async () => {
		const result = await decode(framesPerCall);
		assert.deepEqual(tokensOf(result.decoded), tinyLmTokens);
		assert.equal(result.calls, calls);
	});
}

/** Position, the first five logits, the largest, and per VAD head the probability of class 0. */
const reference: [number, number[], number, number[]][] = [
	[0, [-0.78373, -1.08477, 0.72074, 0.13094, 0.32331], 2.26828, [0.35075, 0.22517, 0.05303, 0.3336]],
	[1, [0.00113, -1.37151, -0.59594, -0.17366, 0.95057], 1.98752, [0.30187, 0.09445, 0.14597, 0.31724]],
	[15, [-0.893, 0.61736, 0.5519, 0.84653, -0.22211], 2.20283, [0.08977, 0.03894, 0.36586, 0.01225]],
	[16, [-0.45717, -1.24273, -1.44384, 1.53398, 0.66242], 1.58481, [0.13505, 0.05245, 0.0448, 0.07221]],
	[17, [-1.62541, -1.17474, 1.32904, 0.42742, 0.84248], 2.74675, [0.23259, 0.01557, 0.04268, 0.2343]],
	[40, [-1.37201, 0.7553, -0.02529, 0.41212, 1.27165], 2.05278, [0.15047, 0.15079, 0.06005, 0.23792]],
];

for (const framesPerCall of [1, 2, 3, 4, 8]) {
	test(`logits and VAD equal the reference to 2e-5, ${framesPerCall} frames a call, past the wrap of the ring`, async () => {
		const {decoded} = await decode(framesPerCall);
		for (const [position, logits, largest, vad] of reference) {
			const found = decoded[position]!;
			const classes = tinyLmConfig.extra_heads_dim;
			assertClose([...found.logits.subarray(0, 5)], logits, `logits at ${position}`);
			assertClose([Math.max(...found.logits)], [largest], `largest logit at ${position}`);
			assertClose(
				vad.map((_, head) => found.vad[head * classes]!),
				vad,
				`VAD at ${position}`,
			);
		}
	});
}

test('frames per call may change from call to call', async () => {
	const sizes = [3, 1, 8, 2, 5];
	const {decoded} = await decode(call => sizes[call % sizes.length]!);
	assert.deepEqual(tokensOf(decoded), tinyLmTokens);
});

test('2000 positions are the same for every number of frames a call', async () => {
	const single = tokensOf((await decode(1, 2000)).decoded);
	for (const framesPerCall of [2, 3, 4, 8]) {
		assert.deepEqual(tokensOf((await decode(framesPerCall, 2000)).decoded), single);
	}
});

test('a reset starts from position 0 again and forgets the past', async () => {
	const decoded: DecodedPosition[] = [];
	const loop = new DecodeLoop(lm, await createStartTemplate(lm), position => decoded.push(position));
	for (let f = 0; f < 25; f++) loop.push({codes: tinyLmCodes(f + 7)});
	while (loop.waiting > 3) await loop.step(2);
	decoded.length = 0;
	loop.reset();
	assert.equal(loop.waiting, 0);
	for (let f = 0; f < positions; f++) loop.push({codes: tinyLmCodes(f)});
	while (loop.waiting > 0) await loop.step(4);
	assert.deepEqual(tokensOf(decoded), tinyLmTokens);
});

function assertClose(found: number[], expected: number[], what: string): void {
	for (const [i, value] of expected.entries()) {
		assert.ok(Math.abs(found[i]! - value) <= 2e-5, `${what} [${i}]: ${found[i]} is not ${value}`);
	}
}
