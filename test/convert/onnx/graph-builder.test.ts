import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {fromBinary} from '@bufbuild/protobuf';
import * as ort from 'onnxruntime-node';
import {bytesOf, elementCode, GraphBuilder} from '../../../src/convert/onnx/graph-builder.js';
import {ModelProtoSchema, TensorProto_DataLocation} from '../../../src/convert/onnx/onnx_pb.js';
import {WeightsFile} from '../../../src/convert/onnx/weights-file.js';
import {temporaryFolder} from '../temporary-folder.js';

async function createGraph(t: TestContext) {
	const folder = await temporaryFolder(t);
	const weights = await WeightsFile.create(path.join(folder, 'g.weights'));
	const graph = new GraphBuilder('g', weights);
	const write = async () => {
		await weights.finish();
		const file = path.join(folder, 'g.onnx');
		await graph.write(file);
		return file;
	};
	return {graph, folder, write};
}

test('large tensors lie in the weights file at multiples of 64 KiB, small ones in the graph', async t => {
	const {graph, folder, write} = await createGraph(t);
	const large = Float32Array.from({length: 20_000}, (_, i) => i);
	// Pieces of any length make one tensor.
	await graph.tensor('first', 'float', [20_000], [bytesOf(large.subarray(0, 7)), bytesOf(large.subarray(7))]);
	await graph.tensor('small', 'float', [2], [bytesOf(Float32Array.of(1, 2))]);
	await graph.tensor('second', 'uint8', [256, 256], [new Uint8Array(65_536).fill(5)]);
	const model = fromBinary(ModelProtoSchema, await readFile(await write()));
	const places = model.graph!.initializer.map(tensor => [
		tensor.name,
		tensor.dataLocation === TensorProto_DataLocation.EXTERNAL
			? Object.fromEntries(tensor.externalData.map(({key, value}) => [key, value]))
			: tensor.rawData.length,
	]);
	assert.deepEqual(places, [
		['first', {location: 'g.weights', offset: '0', length: '80000'}],
		['small', 8],
		['second', {location: 'g.weights', offset: '131072', length: '65536'}],
	]);
	const bytes = await readFile(path.join(folder, 'g.weights'));
	assert.equal(bytes.length, 131_072 + 65_536);
	assert.deepEqual(bytes.subarray(0, 80_000), Buffer.from(large.buffer));
	assert.ok(bytes.subarray(80_000, 131_072).every(byte => byte === 0));
});

test('ONNX Runtime computes what was built: dimensions that vary, attributes of every kind, inner and outer tensors', async t => {
	const {graph, write} = await createGraph(t);
	const x = graph.input('x', 'float', ['T', 300]);
	const table = await graph.tensor('table', 'float', [300, 300], [bytesOf(new Float32Array(90_000).fill(0.5))]);
	const [left, right] = graph.nodes('Split', [graph.node('MatMul', [x, table])], 2, {
		attributes: {axis: -1, num_outputs: 2},
	});
	const added = graph.node('Add', [left!, graph.node('Mul', [right!, graph.floats([2], [])])]);
	const leaky = graph.node('LeakyRelu', [added], {attributes: {alpha: {float: 0.25}}});
	const turned = graph.node('Transpose', [leaky], {attributes: {perm: [1, 0]}});
	graph.node('Gelu', [turned], {attributes: {approximate: 'none'}, outputs: ['y']});
	graph.output('y', 'float', [150, 'T']);
	const session = await ort.InferenceSession.create(await write());
	t.after(() => session.release());
	for (const T of [1, 3]) {
		const {y} = await session.run({x: new ort.Tensor('float32', new Float32Array(T * 300).fill(1 / 150), [T, 300])});
		assert.deepEqual(y!.dims, [150, T]);
		assert.ok((y!.data as Float32Array).every(value => Math.abs(value - 2.99595) < 1e-4));
	}
});

test('two values may not have one name, and a tensor must fill its dimensions', async t => {
	const {graph, write} = await createGraph(t);
	graph.input('x', 'float', [1]);
	assert.throws(() => graph.node('Identity', ['x'], {outputs: ['x']}), /Two values .* are called x/);
	await assert.rejects(graph.tensor('w', 'float', [3], [new Uint8Array(11)]), /Expected 12 bytes for w, got 11/);
	await write();
});

test('element codes are those of ONNX', () => {
	assert.deepEqual(elementCode, {float: 1, double: 11, uint8: 2, int64: 7, bfloat16: 16});
});
