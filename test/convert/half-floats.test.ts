import assert from 'node:assert/strict';
import {test} from 'node:test';
import {bf16FromFloats, floatsFromBf16, floatsFromF16} from '../../src/convert/half-floats.js';

const everyWord = Uint16Array.from({length: 65_536}, (_, word) => word);

/** The value that a word of 1 sign bit, `exponentBits` and `fractionBits` stands for, by the definition of IEEE 754. */
function valueOfWord(word: number, exponentBits: number, fractionBits: number): number {
	const sign = word >> (exponentBits + fractionBits) === 0 ? 1 : -1;
	const exponent = (word >> fractionBits) & (2 ** exponentBits - 1);
	const fraction = word & (2 ** fractionBits - 1);
	const bias = 2 ** (exponentBits - 1) - 1;
	if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
	if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
	return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

test('every BF16 word is read exactly, subnormals, infinities and NaN included', () => {
	const floats = new Float32Array(65_536);
	floatsFromBf16(everyWord, floats);
	for (const word of everyWord) assert.ok(Object.is(floats[word], valueOfWord(word, 8, 7)), `0x${word.toString(16)}`);
});

test('every F16 word is read exactly, subnormals, infinities and NaN included', () => {
	const floats = new Float32Array(65_536);
	floatsFromF16(everyWord, floats);
	for (const word of everyWord) assert.ok(Object.is(floats[word], valueOfWord(word, 5, 10)), `0x${word.toString(16)}`);
});

test('a BF16 word that is read and written again is the same', () => {
	const floats = new Float32Array(65_536);
	floatsFromBf16(everyWord, floats);
	const words = bf16FromFloats(floats);
	for (const word of everyWord) {
		// A signalling NaN comes back quiet.
		if (!Number.isNaN(floats[word])) assert.equal(words[word], word);
		else assert.ok((words[word]! & 0x7f80) === 0x7f80 && (words[word]! & 0x7f) !== 0);
	}
});

const rounds = (title: string, bits: number, word: number) =>
	test(`writing BF16: ${title}`, () => {
		assert.equal(bf16FromFloats(new Float32Array(Uint32Array.of(bits).buffer))[0], word);
	});

rounds('below the middle goes down', 0x3f80_7fff, 0x3f80);
rounds('above the middle goes up', 0x3f80_8001, 0x3f81);
rounds('the middle goes down to an even word', 0x3f80_8000, 0x3f80);
rounds('the middle goes up to an even word', 0x3f81_8000, 0x3f82);
rounds('a negative number rounds like its positive', 0xbf81_8000, 0xbf82);
rounds('rounding up carries into the exponent', 0x3fff_ffff, 0x4000);
rounds('the largest float becomes infinity', 0x7f7f_ffff, 0x7f80);
rounds('a subnormal rounds like any other', 0x0000_8001, 0x0001);
rounds('a NaN with low bits only stays a NaN', 0x7f80_0001, 0x7fc0);
