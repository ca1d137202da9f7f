import {LanguageModel, type LmRow} from '../engine/delayed-streams/language-model.js';
import type {ModelManifest} from '../engine/model-package.js';

/** A decoder of one layer in a folder, by the scheme of its weights. */
export type TimedLayer = {scheme: ModelManifest['quantisation']; folder: string; shape: ModelManifest['lm']};

/** Calls that are timed, in turn with the other schemes, after some that warm up. */
const rounds = 30;
const warmUps = 5;

/** Milliseconds of one call of `rows` positions in each layer, the median of many in turn: what else the machine does hits all alike. Blocks its thread. */
export async function timeLayers(
	layers: readonly TimedLayer[],
	rows: number,
	threads: number,
): Promise<Record<string, number>> {
	const timed: {scheme: string; model: LanguageModel; times: number[]}[] = [];
	for (const {scheme, folder, shape} of layers) {
		const tokens = {start: shape.vocabulary, padding: 3, endOfPadding: 0};
		timed.push({scheme, model: await LanguageModel.load(folder, {lm: shape, tokens}, threads), times: []});
	}
	const heard: LmRow[] = Array.from({length: rows}, () => ({token: 0, frame: {codes: [0]}}));
	const rings = timed.map(({model}) => model.createRing());
	for (let round = -warmUps; round < rounds; round++) {
		for (const [i, {model, times}] of timed.entries()) {
			const start = performance.now();
			await model.run(heard, 0, rings[i]!);
			if (round >= 0) times.push(performance.now() - start);
		}
	}
	for (const {model} of timed) await model.graph.close();
	return Object.fromEntries(timed.map(({scheme, times}) => [scheme, median(times)]));
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
