/**
 * Numbers u in [−0.5, 0.5) for the tensor called `name` (specs: kyutai-stt §9.1): a xorshift stream from the name's hash, each shaped by `shape` in double, then rounded
 * to f32.
 */
export function deterministicFloats(
	name: string,
	count: number,
	shape: (u: number) => number,
): Float32Array<ArrayBuffer> {
	let x = hashOf(name);
	return Float32Array.from({length: count}, () => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return shape((x >>> 0) / 2 ** 32 - 0.5);
	});
}

/** FNV-1a, 32 bits; never 0, from which xorshift cannot leave. */
export function hashOf(name: string): number {
	let hash = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0 || 1;
}
