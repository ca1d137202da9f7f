/** Uniform numbers in [0, 1) that depend on `seed` alone (mulberry32). */
export function createRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let x = Math.imul(state ^ (state >>> 15), state | 1);
		x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
		return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** `count` values in [−1, 1). */
export const randomFloats = (count: number, random: () => number): Float32Array<ArrayBuffer> =>
	Float32Array.from({length: count}, () => 2 * random() - 1);
