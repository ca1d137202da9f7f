/** The floats that BF16 words stand for: they are the upper halves of f32 words, so the value is exact. */
export function floatsFromBf16(words: Uint16Array, into: Float32Array): void {
	const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
	for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
}

/** BF16 words of `floats`, rounded to nearest, ties to even, as PyTorch does; a NaN stays one. */
export function bf16FromFloats(floats: Float32Array): Uint16Array<ArrayBuffer> {
	const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
	const words = new Uint16Array(bits.length);
	for (let i = 0; i < bits.length; i++) {
		const word = bits[i]!;
		const isNan = (word & 0x7fffffff) > 0x7f800000;
		// Rounding could carry a NaN's payload away: keep its upper half and set the quiet bit.
		words[i] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
	}
	return words;
}

/** The floats that IEEE half words stand for; every half is exact in f32. */
export function floatsFromF16(words: Uint16Array, into: Float32Array): void {
	const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
	for (let i = 0; i < words.length; i++) bits[i] = floatBitsOfHalf(words[i]!);
}

function floatBitsOfHalf(half: number): number {
	const sign = (half & 0x8000) << 16;
	const exponent = (half >>> 10) & 0x1f;
	const fraction = half & 0x3ff;
	if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
	if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
	if (fraction === 0) return sign;
	// Subnormal: fraction · 2^-24. Shift its leading one to where an f32 leaves it out.
	const shift = Math.clz32(fraction) - 21;
	return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}
