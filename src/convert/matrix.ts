import type {RowRange, Safetensors} from './safetensors.js';

/** A linear layer's weights [rows, columns] = [out, in], read row range by row range so that a large one is never in memory whole. */
export type Matrix = {
	rows: number;
	columns: number;
	/** Rows `from` … `to` − 1, row-major; the caller owns the array. */
	read(range: RowRange): Promise<Float32Array<ArrayBuffer>>;
};

/** Some rows of a matrix: `floats` [count, columns], the first of them row `from`. */
export type RowBlock = {from: number; count: number; floats: Float32Array<ArrayBuffer>};

/** Floats in one block: 4 MB, enough for the disk to stream and little beside what the process needs anyway. */
const blockFloats = 1 << 20;

/** The tensor called `name`, with all its dimensions after the first as columns. */
export function matrixOf(checkpoint: Safetensors, name: string): Matrix {
	const [rows = 0, ...rest] = checkpoint.get(name).shape;
	const columns = rest.reduce((product, dim) => product * dim, 1);
	return {rows, columns, read: range => checkpoint.readFloats(name, range)};
}

/** `matrix` with its first `count` rows multiplied by `factor`, each product rounded to f32. */
export const withScaledRows = (matrix: Matrix, count: number, factor: number): Matrix => ({
	...matrix,
	async read(range) {
		const floats = await matrix.read(range);
		const end = Math.max(0, Math.min(range.to, count) - range.from) * matrix.columns;
		for (let i = 0; i < end; i++) floats[i]! *= factor;
		return floats;
	},
});

/** `matrix` with each row multiplied by its element of `factors` [rows], each product rounded to f32. */
export const withRowFactors = (matrix: Matrix, factors: Float32Array): Matrix => ({
	...matrix,
	async read(range) {
		const floats = await matrix.read(range);
		for (let i = 0; i < floats.length; i++) floats[i]! *= factors[range.from + Math.floor(i / matrix.columns)]!;
		return floats;
	},
});

/** Several matrices of equal width, one below the other. */
export function stackMatrices(matrices: readonly Matrix[]): Matrix {
	const starts = matrices.map((_, i) => matrices.slice(0, i).reduce((sum, {rows}) => sum + rows, 0));
	const columns = matrices[0]?.columns ?? 0;
	return {
		rows: matrices.reduce((sum, {rows}) => sum + rows, 0),
		columns,
		async read({from, to}) {
			const floats = new Float32Array((to - from) * columns);
			for (const [i, matrix] of matrices.entries()) {
				const start = starts[i]!;
				const range = {from: Math.max(from - start, 0), to: Math.min(to - start, matrix.rows)};
				if (range.from < range.to) floats.set(await matrix.read(range), (start + range.from - from) * columns);
			}
			return floats;
		},
	};
}

/** Reads `matrix` from the first row to the last. */
export async function* rowBlocks(matrix: Matrix): AsyncGenerator<RowBlock> {
	const step = Math.max(1, Math.floor(blockFloats / matrix.columns));
	for (let from = 0; from < matrix.rows; from += step) {
		const to = Math.min(from + step, matrix.rows);
		yield {from, count: to - from, floats: await matrix.read({from, to})};
	}
}
