import assert from 'node:assert/strict';
import {mkdir, truncate, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import type {ConvertError, ConvertErrorCode} from '../../src/convert/convert-error.js';
import {openSafetensors, Safetensors} from '../../src/convert/safetensors.js';
import {encodeSafetensors, withHeader} from './encode-safetensors.js';
import {memorySource} from './memory-source.js';
import {temporaryFolder} from './temporary-folder.js';

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer);

const sample = encodeSafetensors({
	matrix: {dtype: 'F32', shape: [3, 2], bytes: bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6))},
	half: {dtype: 'F16', shape: [2], bytes: bytesOf(Uint16Array.of(0x3c00, 0xc000))},
	brain: {dtype: 'BF16', shape: [2, 1], bytes: bytesOf(Uint16Array.of(0x3f80, 0xc000))},
	ids: {dtype: 'I64', shape: [2], bytes: bytesOf(BigInt64Array.of(-1n, 2n ** 40n))},
	scalar: {dtype: 'F32', shape: [], bytes: bytesOf(Float32Array.of(7))},
	empty: {dtype: 'F32', shape: [0, 4], bytes: new Uint8Array(0)},
	__proto__x: {dtype: 'U8', shape: [1], bytes: Uint8Array.of(9)},
});

const openBytes = (bytes: Uint8Array) => Safetensors.open(memorySource(bytes), 'a.safetensors');

test('tensors are read as what they are', async () => {
	const file = await openBytes(sample);
	assert.deepEqual([...(await file.readFloats('matrix'))], [1, 2, 3, 4, 5, 6]);
	assert.deepEqual([...(await file.readFloats('half'))], [1, -2]);
	assert.deepEqual([...(await file.readFloats('brain'))], [1, -2]);
	assert.deepEqual([...(await file.readInt64s('ids'))], [-1n, 2n ** 40n]);
	assert.deepEqual([...(await file.readFloats('scalar'))], [7]);
	assert.deepEqual([...(await file.readFloats('empty'))], []);
	assert.deepEqual([...(await file.readBytes('__proto__x'))], [9]);
});

test('rows are read without the rest', async () => {
	const largest = {bytes: 0};
	const file = await Safetensors.open(memorySource(sample, largest), 'a.safetensors');
	largest.bytes = 0;
	assert.deepEqual([...(await file.readFloats('matrix', {from: 1, to: 3}))], [3, 4, 5, 6]);
	assert.equal(largest.bytes, 16);
	assert.deepEqual([...(await file.readFloats('brain', {from: 1, to: 2}))], [-2]);
	assert.deepEqual([...(await file.readInt64s('ids', {from: 1, to: 1}))], []);
	await assert.rejects(file.readFloats('matrix', {from: 1, to: 4}), RangeError);
});

test('a tensor may be called __proto__', async () => {
	const file = await openBytes(encodeSafetensors({['__proto__']: {dtype: 'U8', shape: [1], bytes: Uint8Array.of(3)}}));
	assert.deepEqual([...(await file.readBytes('__proto__'))], [3]);
	assert.equal(file.tensors.has('constructor'), false);
});

test('metadata is no tensor', async () => {
	const file = await openBytes(withHeader('{"__metadata__":{"format":"pt"}}'));
	assert.equal(file.tensors.size, 0);
});

test('a tensor of another type is not read as floats', async () => {
	const file = await openBytes(sample);
	await rejectsWith(file.readFloats('ids'), 'wrong-dtype', /"ids" should be BF16, F16 or F32 and is I64/);
	await rejectsWith(file.readInt64s('matrix'), 'wrong-dtype', /"matrix" should be I64 and is F32/);
	await rejectsWith(file.readFloats('nothing'), 'missing-tensor', /lacks the tensor "nothing"/);
	await rejectsWith(file.readFloats('toString'), 'missing-tensor', /lacks the tensor "toString"/);
});

const refuses = (title: string, bytes: Uint8Array, code: ConvertErrorCode, message: RegExp) =>
	test(`refused: ${title}`, () => rejectsWith(openBytes(bytes), code, message));
const entry = (fields: string) =>
	withHeader(`{"first":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":${fields}}`, new Uint8Array(12));

refuses('an empty file', new Uint8Array(0), 'bad-file', /0 bytes/);
refuses('a length beyond 100 MB', headerLength(100_000_001n), 'bad-file', /100000001 bytes/);
refuses('a length of 2^64 − 1', headerLength(2n ** 64n - 1n), 'bad-file', /18446744073709551615 bytes/);
refuses('a length beyond the file', headerLength(9n), 'truncated', /ends inside its header/);
refuses('a header that is not JSON', withHeader('{"a":'), 'bad-file', /not JSON/);
refuses(
	'a header that is not UTF-8',
	Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0xff, 0x22),
	'bad-file',
	/not JSON/,
);
refuses('a header that is an array', withHeader('[]'), 'bad-file', /no JSON object/);
refuses('a tensor that is null', entry('null'), 'bad-tensor', /"a" is not described/);
refuses(
	'an unknown dtype',
	entry('{"dtype":"F128","shape":[8],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has a dtype/,
);
refuses(
	'a dtype from the prototype',
	entry('{"dtype":"constructor","shape":[8],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has a dtype/,
);
refuses(
	'a negative dimension',
	entry('{"dtype":"U8","shape":[-8],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has a shape/,
);
refuses(
	'a fractional dimension',
	entry('{"dtype":"U8","shape":[8.5],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has a shape/,
);
refuses(
	'a product that overflows',
	entry('{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has a shape whose product/,
);
refuses(
	'a size that its shape does not need',
	entry('{"dtype":"U8","shape":[7],"data_offsets":[4,12]}'),
	'bad-tensor',
	/"a" has 8 bytes where its shape needs 7/,
);
refuses(
	'offsets the wrong way round',
	entry('{"dtype":"U8","shape":[8],"data_offsets":[12,4]}'),
	'bad-tensor',
	/"a" ends before/,
);
refuses('one offset', entry('{"dtype":"U8","shape":[8],"data_offsets":[4]}'), 'bad-tensor', /"a" has no pair/);
refuses('an overlap', entry('{"dtype":"U8","shape":[9],"data_offsets":[3,12]}'), 'bad-tensor', /"a" overlaps/);
refuses('a hole', entry('{"dtype":"U8","shape":[7],"data_offsets":[5,12]}'), 'bad-tensor', /"a" leaves a hole/);
refuses(
	'a tensor past the end',
	entry('{"dtype":"U8","shape":[9],"data_offsets":[4,13]}'),
	'truncated',
	/ends inside the tensor "a"/,
);
refuses(
	'bytes after the last tensor',
	entry('{"dtype":"U8","shape":[7],"data_offsets":[4,11]}'),
	'bad-file',
	/1 bytes after/,
);
refuses(
	'a name with control characters, which the message does not repeat',
	withHeader('{"\\u001b[2J\\n":1}'),
	'bad-tensor',
	/^\P{Cc}*\\u001b\[2J\\n\P{Cc}*$/u,
);

test('a missing file, a folder and a file that shrinks are refused', async t => {
	const folder = await temporaryFolder(t);
	const file = path.join(folder, 'model.safetensors');
	await rejectsWith(openSafetensors(file), 'bad-file', /cannot be opened \(ENOENT\)/);
	await mkdir(path.join(folder, 'sub'));
	await rejectsWith(openSafetensors(path.join(folder, 'sub')), 'bad-file', /is not a file/);

	await writeFile(file, sample);
	const opened = await openSafetensors(file);
	t.after(() => opened.close());
	assert.deepEqual([...(await opened.readFloats('matrix'))], [1, 2, 3, 4, 5, 6]);
	await truncate(file, sample.length - 60);
	await rejectsWith(opened.readInt64s('ids'), 'truncated', /became shorter/);
});

function headerLength(length: bigint): Uint8Array {
	const bytes = new Uint8Array(16);
	new DataView(bytes.buffer).setBigUint64(0, length, true);
	return bytes;
}

async function rejectsWith(promise: Promise<unknown>, code: ConvertErrorCode, message: RegExp): Promise<void> {
	await assert.rejects(promise, (error: ConvertError) => {
		assert.equal(error.name, 'ConvertError', String(error));
		assert.equal(error.code, code);
		assert.match(error.message, message);
		return true;
	});
}
