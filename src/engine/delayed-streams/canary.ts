import type {ModelManifest} from '../model-package.js';
import {Frontend} from './frontend.js';
import {argmax, LanguageModel} from './language-model.js';

/** Frames that a canary hears. */
const frames = 8;

/** What a model makes of eight fixed frames. */
export type Canary = {
	/** Codes that the frontend gives, where it gives codes: they are compared exactly. */
	codes: number[];
	/** Features that it gives instead, and the logits of each position. */
	values: Float32Array[];
};

/**
 * Runs the graphs in `folder` on eight fixed frames of noise, frame by frame, so that states and ring count too. Blocks its thread. Throws `EngineError`.
 */
export async function runCanary(folder: string, manifest: ModelManifest, isPrepared: boolean): Promise<Canary> {
	const frontend = await Frontend.load(folder, manifest, 1, isPrepared);
	const lm = await LanguageModel.load(folder, manifest, 1, isPrepared);
	try {
		const noise = fixedNoise(frames * manifest.frameSamples);
		const ring = lm.createRing();
		const canary: Canary = {codes: [], values: []};
		let state = frontend.createState();
		let token = manifest.tokens.start;
		for (let f = 0; f < frames; f++) {
			const samples = noise.slice(f * manifest.frameSamples, (f + 1) * manifest.frameSamples);
			const heard = await frontend.run(samples, state);
			state = heard.state;
			const frame = {features: heard.features[0], codes: heard.codes[0]};
			const result = await lm.run([{token, frame}], f, ring);
			ring.commit(result, 1, 1, f);
			canary.codes.push(...(frame.codes ?? []));
			canary.values.push(...(frame.features ? [Float32Array.from(frame.features)] : []), result.logits);
			token = argmax(result.logits, 0, lm.shape.vocabulary);
		}
		return canary;
	} finally {
		await frontend.close();
		await lm.graph.close();
	}
}

/** The same kernels give the same bits; another order of one sum may give another last one, a wrong weight changes far more. */
const tolerance = 1e-4;

/** Whether two canaries are the same but for last bits. */
export function isSameCanary(a: Canary, b: Canary): boolean {
	if (a.codes.join() !== b.codes.join() || a.values.length !== b.values.length) return false;
	return a.values.every((values, i) => {
		const others = b.values[i]!;
		const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		return (
			values.length === others.length && values.every((value, j) => Math.abs(value - others[j]!) <= tolerance * largest)
		);
	});
}

/** Noise at the level of speech, the same for ever. */
function fixedNoise(length: number): Float32Array {
	let x = 0x2545f491;
	return Float32Array.from({length}, () => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (0.1 * x) / 2 ** 31;
	});
}
