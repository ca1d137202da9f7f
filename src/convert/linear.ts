import type {ModelManifest} from '../engine/model-package.js';
import {type Matrix, rowBlocks} from './matrix.js';
import {bytesOf, type GraphBuilder} from './onnx/graph-builder.js';
import {blockSize, zeroPoint8} from './quantise.js';
import {ownThread, type Quantiser} from './quantiser.js';

/** How a package stores its linear weights (design §5). */
export type Scheme = ModelManifest['quantisation'];

/** A linear layer: what its weights are called in the graph, the value it multiplies ([1, T, in]), and its output's name if that matters. */
export type Linear = {name: string; input: string; weights: Matrix; output?: string};

/** Adds y = x · Wᵀ with the weights stored by `scheme` and returns y, [1, T, out]. A row of y depends on the same row of x alone, whatever T. */
export function addLinear(
	graph: GraphBuilder,
	scheme: Scheme,
	linear: Linear,
	quantiser: Quantiser = ownThread,
): Promise<string> {
	if (scheme === '8-bit') return addLinear8(graph, linear, quantiser);
	if (scheme === '4-bit') return addLinear4(graph, linear, quantiser);
	return addLinear32(graph, linear);
}

async function addLinear32(graph: GraphBuilder, {name, input, weights, output}: Linear): Promise<string> {
	const {rows, columns} = weights;
	const transposed = new Float32Array(rows * columns);
	for await (const {from, count, floats} of rowBlocks(weights)) {
		transposeInto(transposed, rows, floats, {from, count, columns});
	}
	const b = await graph.tensor(name, 'float', [columns, rows], [bytesOf(transposed)]);
	return graph.node('MatMul', [input, b], named(output));
}

/**
 * Each row of x is divided by its largest magnitude, so that one constant scale (1/127 around 128) fits every row and T changes nothing.
 * Weights are unsigned like x: for uint8 × int8, x86 without VNNI adds pairs of products in 16 bits and saturates (255 · 127 · 2 > 32767),
 * while uint8 × uint8 is widened first and exact everywhere (ONNX Runtime 1.30 as a Haswell: every column wrong against none). The price, on x86
 * with VNNI alone, is up to twice the time of a call from T = 4 on.
 */
async function addLinear8(
	graph: GraphBuilder,
	{name, input, weights, output}: Linear,
	quantiser: Quantiser,
): Promise<string> {
	const {rows, columns} = weights;
	const codes = new Uint8Array(rows * columns);
	const scales = new Float32Array(rows);
	for await (const {from, count, ...block} of quantiser.blocks(weights, '8-bit')) {
		transposeInto(codes, rows, block.codes, {from, count, columns});
		scales.set(block.scales, from);
	}
	const b = await graph.tensor(name, 'uint8', [columns, rows], [codes]);
	const bScales = await graph.tensor(`${name}.scales`, 'float', [rows], [bytesOf(scales)]);

	const magnitude = graph.node('ReduceMax', [graph.node('Abs', [input]), graph.int64s([-1])]);
	const divisor = graph.node('Max', [magnitude, graph.floats([tiniestMagnitude], [])]);
	const scale = graph.floats([1 / 127], []);
	const zero = graph.uint8(zeroPoint8);
	const quantised = graph.node('QuantizeLinear', [graph.node('Div', [input, divisor]), scale, zero]);
	const product = graph.node('MatMulIntegerToFloat', [quantised, b, scale, bScales, zero, graph.uint8(zeroPoint8)], {
		domain: 'com.microsoft',
	});
	return graph.node('Mul', [product, divisor], named(output));
}

async function addLinear4(
	graph: GraphBuilder,
	{name, input, weights, output}: Linear,
	quantiser: Quantiser,
): Promise<string> {
	const {rows, columns} = weights;
	const blocks = Math.ceil(columns / blockSize);
	const scales = new Float32Array(rows * blocks);
	async function* codes() {
		for await (const {from, ...block} of quantiser.blocks(weights, '4-bit')) {
			scales.set(block.scales, from * blocks);
			yield block.codes;
		}
	}
	const b = await graph.tensor(name, 'uint8', [rows, blocks, blockSize / 2], codes());
	const bScales = await graph.tensor(`${name}.scales`, 'float', [rows, blocks], [bytesOf(scales)]);
	return graph.node('MatMulNBits', [input, b, bScales], {
		domain: 'com.microsoft',
		// Level 4 quantises x to 8 bits a block: 3 times faster than level 0 from T = 2 on (specs: kyutai-stt §7.3).
		attributes: {K: columns, N: rows, bits: 4, block_size: blockSize, accuracy_level: 4},
		...named(output),
	});
}

/** Keeps a row of zeros from being divided by zero; far below anything a normalised row holds. */
const tiniestMagnitude = 1e-30;

const named = (output: string | undefined) => (output === undefined ? {} : {outputs: [output]});

/** Writes rows `from` … of a [rows, columns] matrix as columns of `into`, its transpose. */
function transposeInto<Numbers extends Float32Array | Uint8Array>(
	into: Numbers,
	rows: number,
	block: Numbers,
	{from, count, columns}: {from: number; count: number; columns: number},
): void {
	for (let column = 0; column < columns; column++) {
		const target = column * rows + from;
		for (let row = 0; row < count; row++) into[target + row] = block[row * columns + column]!;
	}
}
