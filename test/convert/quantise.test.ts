import assert from 'node:assert/strict';
import {test} from 'node:test';
import {quantiseRows4, quantiseRows8} from '../../src/convert/quantise.js';
import {dequantiseRows4, dequantiseRows8} from './dequantise.js';
import {createRandom, randomFloats} from './random.js';

test('8 bits: no weight moves by more than half its row scale', () => {
	const columns = 50;
	const weights = randomFloats(7 * columns, createRandom(1)).map((w, i) => w * 10 ** (Math.floor(i / columns) - 3));
	const rows = quantiseRows8(weights, columns);
	const back = dequantiseRows8(rows, columns);
	for (let i = 0; i < weights.length; i++) {
		assert.ok(Math.abs(back[i]! - weights[i]!) <= 0.5001 * rows.scales[Math.floor(i / columns)]!);
	}
});

test('8 bits: the largest weight of a row is ±127 steps, a row of zeros stays zeros', () => {
	const {codes, scales} = quantiseRows8(Float32Array.of(0.5, -2, 1, 0, 0, 0), 3);
	assert.deepEqual([...codes], [128 + 32, 128 - 127, 128 + 64, 128, 128, 128]);
	assert.equal(scales[0], Math.fround(2 / 127));
});

test('8 bits: a row of the smallest float loses it and nothing else happens', () => {
	const {codes, scales} = quantiseRows8(Float32Array.of(1e-45, 0), 2);
	assert.ok(scales[0]! > 0);
	assert.deepEqual([...codes], [128, 128]);
});

test('4 bits: the weight of largest magnitude in a block is exact, whatever its sign', () => {
	for (const largest of [3.7, -3.7]) {
		const weights = randomFloats(64, createRandom(2));
		weights[5] = largest;
		const back = dequantiseRows4(quantiseRows4(weights, 64), 64);
		assert.equal(back[5], Math.fround(largest));
	}
});

test('4 bits: no weight moves by more than half its block scale, but where the grid ends at 7 steps', () => {
	const columns = 70;
	const weights = randomFloats(5 * columns, createRandom(3));
	const rows = quantiseRows4(weights, columns);
	const back = dequantiseRows4(rows, columns);
	for (let i = 0; i < weights.length; i++) {
		const row = Math.floor(i / columns);
		const scale = rows.scales[row * 3 + Math.floor((i % columns) / 32)]!;
		const allowed = weights[i]! / scale > 7.5 ? 1 : 0.5;
		assert.ok(Math.abs(back[i]! - weights[i]!) <= allowed * Math.abs(scale) * 1.0001);
	}
});

test('4 bits: a block that the row does not fill is filled with zeros', () => {
	const {codes, scales} = quantiseRows4(Float32Array.of(-1), 1);
	assert.equal(scales[0], 0.125);
	// Element 0 is −8 steps, code 0; all others are code 8.
	assert.deepEqual([...codes], [0x80, ...Array(15).fill(0x88)]);
});

test('4 bits: a block of zeros stays zeros', () => {
	assert.deepEqual([...dequantiseRows4(quantiseRows4(new Float32Array(32), 32), 32)], Array(32).fill(0));
});
