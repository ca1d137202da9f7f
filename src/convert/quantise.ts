/** Weights that share one 4-bit scale: the block that `MatMulNBits` has fast kernels for. */
export const blockSize = 32;

/** Where 8-bit weights have their zero: they are unsigned (see `linear.ts`). */
export const zeroPoint8 = 128;

/** Rows in 8 bits: `codes` [rows, columns] with w ≈ (code − 128) · `scales`[row], row by row. */
export type Rows8 = {codes: Uint8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer>};

/**
 * Quantises rows of `floats` [rows, columns] symmetrically: the element of largest magnitude becomes ±127, the others round to nearest.
 * No element moves by more than half its row's scale.
 */
export function quantiseRows8(floats: Float32Array, columns: number): Rows8 {
	const rows = floats.length / columns;
	const codes = new Uint8Array(floats.length);
	const scales = new Float32Array(rows);
	for (let row = 0; row < rows; row++) {
		const start = row * columns;
		let largest = 0;
		for (let i = start; i < start + columns; i++) largest = Math.max(largest, Math.abs(floats[i]!));
		// A row of zeros may have any scale; so may one of denormals, which would round to a scale of 0.
		const scale = Math.fround(largest / 127) || 1;
		scales[row] = scale;
		for (let i = start; i < start + columns; i++) codes[i] = zeroPoint8 + Math.round(floats[i]! / scale);
	}
	return {codes, scales};
}

/** Rows in 4 bits: `codes` [rows, ⌈columns/32⌉, 16], two elements a byte, low nibble first; `scales` [rows, ⌈columns/32⌉]; w ≈ (code − 8) · scale. */
export type Rows4 = {codes: Uint8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer>};

/**
 * Quantises rows of `floats` [rows, columns] in blocks of 32 along the row, as `MatMulNBits` of ONNX Runtime reads them. The element of largest magnitude
 * in a block becomes −8 exactly, by a scale of its opposite sign: the grid −8 … 7 is used in full where it matters. A row's last block is filled up with zeros.
 */
export function quantiseRows4(floats: Float32Array, columns: number): Rows4 {
	const rows = floats.length / columns;
	const blocks = Math.ceil(columns / blockSize);
	const codes = new Uint8Array(rows * blocks * (blockSize / 2));
	const scales = new Float32Array(rows * blocks);
	for (let row = 0; row < rows; row++) {
		for (let block = 0; block < blocks; block++) {
			const start = row * columns + block * blockSize;
			const end = Math.min(start + blockSize, (row + 1) * columns);
			let largest = 0;
			for (let i = start; i < end; i++) if (Math.abs(floats[i]!) > Math.abs(largest)) largest = floats[i]!;
			// A block of zeros gets 0, not −0.
			const scale = Math.fround(largest / -8) || 0;
			scales[row * blocks + block] = scale;

			const codeStart = (row * blocks + block) * (blockSize / 2);
			for (let i = 0; i < blockSize; i++) {
				const weight = start + i < end ? floats[start + i]! : 0;
				const code = scale === 0 ? 8 : Math.min(15, Math.max(0, 8 + Math.round(weight / scale)));
				codes[codeStart + (i >> 1)]! |= i % 2 === 0 ? code : code << 4;
			}
		}
	}
	return {codes, scales};
}
