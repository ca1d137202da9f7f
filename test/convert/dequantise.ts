import type {Rows4, Rows8} from '../../src/convert/quantise.js';

/** The weights that `rows` stands for, row-major, in double. */
export const dequantiseRows8 = ({codes, scales}: Rows8, columns: number): Float64Array =>
	Float64Array.from(codes, (code, i) => (code - 128) * scales[Math.floor(i / columns)]!);

/** The weights that `rows` stands for, row-major, in double; the filling of each row's last block is left out. */
export function dequantiseRows4({codes, scales}: Rows4, columns: number): Float64Array {
	const blocks = Math.ceil(columns / 32);
	const rows = scales.length / blocks;
	return Float64Array.from({length: rows * columns}, (_, i) => {
		const row = Math.floor(i / columns);
		const column = i % columns;
		const byte = codes[row * blocks * 16 + (column >> 1)]!;
		return ((column % 2 === 0 ? byte & 15 : byte >> 4) - 8) * scales[row * blocks + (column >> 5)]!;
	});
}
