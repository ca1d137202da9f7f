import assert from 'node:assert/strict';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import * as ort from 'onnxruntime-node';
import {addLinear, type Scheme} from '../../src/convert/linear.js';
import {GraphBuilder} from '../../src/convert/onnx/graph-builder.js';
import {WeightsFile} from '../../src/convert/onnx/weights-file.js';
import {quantiseRows4, quantiseRows8} from '../../src/convert/quantise.js';
import {assertClose} from './close.js';
import {dequantiseRows4, dequantiseRows8} from './dequantise.js';
import {createRandom, randomFloats} from './random.js';
import {temporaryFolder} from './temporary-folder.js';

type Layer = {rows: number; columns: number; weights: Float32Array<ArrayBuffer>};
type Run = (x: Float32Array) => Promise<Float32Array>;

/** A session that computes x · Wᵀ by `scheme`. */
async function openLayer(t: TestContext, scheme: Scheme, {rows, columns, weights}: Layer): Promise<Run> {
	const folder = await temporaryFolder(t);
	const file = await WeightsFile.create(path.join(folder, 'g.weights'));
	const graph = new GraphBuilder('g', file);
	const matrix = {
		rows,
		columns,
		read: async ({from, to}: {from: number; to: number}) => weights.slice(from * columns, to * columns),
	};
	const x = graph.input('x', 'float', [1, 'T', columns]);
	await addLinear(graph, scheme, {name: 'w', input: x, weights: matrix, output: 'y'});
	graph.output('y', 'float', [1, 'T', rows]);
	await file.finish();
	await graph.write(path.join(folder, 'g.onnx'));
	const session = await ort.InferenceSession.create(path.join(folder, 'g.onnx'), {intraOpNumThreads: 1});
	t.after(() => session.release());
	return async x => {
		const result = await session.run({x: new ort.Tensor('float32', x, [1, x.length / columns, columns])});
		return result.y!.data as Float32Array;
	};
}

/** x · Wᵀ in double. */
function product(x: ArrayLike<number>, weights: ArrayLike<number>, {rows, columns}: Layer): Float64Array {
	return Float64Array.from({length: (x.length / columns) * rows}, (_, i) => {
		const [t, row] = [Math.floor(i / rows), i % rows];
		let sum = 0;
		for (let k = 0; k < columns; k++) sum += x[t * columns + k]! * weights[row * columns + k]!;
		return sum;
	});
}

/** x as the 8-bit scheme hears it: each row in 255 steps of its largest magnitude. */
function roundedRows(x: Float32Array, columns: number): Float64Array {
	const rounded = new Float64Array(x.length);
	for (let start = 0; start < x.length; start += columns) {
		const row = x.subarray(start, start + columns);
		const largest = row.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
		for (let k = 0; k < columns; k++)
			rounded[start + k] = largest && (Math.round((row[k]! / largest) * 127) / 127) * largest;
	}
	return rounded;
}

// 176 is no multiple of the 4-bit block; 704 and 256 are the embedded model's.
const layers = [
	[48, 176],
	[256, 704],
	[1408, 256],
].map(([rows, columns]): Layer => {
	const random = createRandom(rows!);
	return {
		rows: rows!,
		columns: columns!,
		weights: randomFloats(rows! * columns!, random).map(w => w * (0.5 + random())),
	};
});

for (const layer of layers) {
	const {rows, columns, weights} = layer;
	const size = `[${rows}, ${columns}]`;
	const x = randomFloats(8 * columns, createRandom(7)).map((value, i) => value * 10 ** (Math.floor(i / columns) - 4));
	/** Largest |y| of each of the 8 rows, against which errors are measured: rows of x differ by 10⁷. */
	const relative = (y: ArrayLike<number>, exact: ArrayLike<number>) =>
		Float64Array.from({length: y.length}, (_, i) => {
			const row = Array.prototype.slice.call(exact, Math.floor(i / rows) * rows, (Math.floor(i / rows) + 1) * rows);
			return y[i]! / Math.max(...row.map(Math.abs));
		});

	test(`fp32 ${size} is the plain product`, async t => {
		const y = await (await openLayer(t, 'fp32', layer))(x);
		const exact = product(x, weights, layer);
		assertClose(relative(y, exact), relative(exact, exact), 2e-6);
	});

	test(`8-bit ${size} is the product of the rounded rows and weights`, async t => {
		const y = await (await openLayer(t, '8-bit', layer))(x);
		const exact = product(roundedRows(x, columns), dequantiseRows8(quantiseRows8(weights, columns), columns), layer);
		// A value on the edge between two steps may fall to either side: one step of 127 of one element.
		assertClose(relative(y, exact), relative(exact, exact), 1e-3);
	});

	test(`4-bit ${size} is close to the product with the rounded weights`, async t => {
		const y = await (await openLayer(t, '4-bit', layer))(x);
		const exact = product(x, dequantiseRows4(quantiseRows4(weights, columns), columns), layer);
		// The kernel rounds x to 8 bits a block, by a rule of its own.
		assertClose(relative(y, exact), relative(exact, exact), 0.01);
	});

	for (const scheme of ['8-bit', '4-bit'] as const) {
		test(`${scheme} ${size}: a row alone and among seven others gives the same bits`, async t => {
			const run = await openLayer(t, scheme, layer);
			const together = await run(x);
			for (let row = 0; row < 8; row++) {
				const alone = await run(x.slice(row * columns, (row + 1) * columns));
				assert.deepEqual(alone, together.slice(row * rows, (row + 1) * rows));
			}
		});
	}
}

for (const scheme of ['fp32', '8-bit', '4-bit'] as const) {
	test(`${scheme}: a row of zeros gives zeros, beside others`, async t => {
		const layer = layers[0]!;
		const x = new Float32Array(2 * layer.columns).fill(1, layer.columns);
		const y = await (await openLayer(t, scheme, layer))(x);
		assert.ok(y.subarray(0, layer.rows).every(value => value === 0));
		assert.ok(y.subarray(layer.rows).some(value => value !== 0));
	});
}

// With signed weights, processors with AVX2 but without VNNI add two products in 16 bits and saturate here.
test('8-bit: sums of the largest products are exact on this processor', async t => {
	const layer = {rows: 32, columns: 512, weights: new Float32Array(32 * 512).fill(1)};
	const y = await (await openLayer(t, '8-bit', layer))(new Float32Array(512).fill(-1));
	assertClose(y, new Float32Array(32).fill(-512), 1e-3);
	const positive = await (await openLayer(t, '8-bit', layer))(new Float32Array(512).fill(1));
	assertClose(positive, new Float32Array(32).fill(512), 1e-3);
});
