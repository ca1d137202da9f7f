import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {EngineError} from '../../src/engine/protocol.js';
import {readPieces} from '../../src/engine/tokenizer.js';
import {projectRoot} from '../project-root.js';

const embedded = readFileSync(path.join(projectRoot, 'test/fixtures/embedded/tokenizer.model'));

test('the embedded tokenizer has 1000 pieces in id order', () => {
	const pieces = readPieces(embedded);
	assert.equal(pieces.length, 1000);
	assert.deepEqual(
		pieces.slice(0, 8).map(piece => piece.text),
		['<unk>', '<s>', '</s>', '<pad>', '.', 's', ',', '▁the'],
	);
});

test('control and unknown pieces have no spelling', () => {
	const silent = readPieces(embedded).flatMap((piece, id) => (piece.kind === 'silent' ? [id] : []));
	assert.deepEqual(silent, [0, 1, 2, 3]);
});

test('a byte piece carries its byte', () => {
	assert.deepEqual(readPieces(piece('<0xE2>', 6)), [{text: '<0xE2>', kind: 'byte', byte: 0xe2}]);
});

test('every truncation of a tokenizer is refused or read, never a crash', () => {
	for (let length = 0; length < 2000; length++) refusedOrRead(embedded.subarray(0, length));
});

test('a length past the end is refused', () => {
	assert.throws(() => readPieces(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)), EngineError);
});

test('bytes that are no tokenizer are refused', () => {
	assert.throws(() => readPieces(new TextEncoder().encode('#EXTM3U\nhttp://example/')), EngineError);
	assert.throws(() => readPieces(new Uint8Array(0)), /has no pieces/);
});

function refusedOrRead(bytes: Uint8Array): void {
	try {
		readPieces(bytes);
	} catch (error) {
		assert.ok(error instanceof EngineError);
	}
}

function piece(text: string, type: number): Uint8Array {
	const spelling = new TextEncoder().encode(text);
	const inner = [0x0a, spelling.length, ...spelling, 0x18, type];
	return Uint8Array.of(0x0a, inner.length, ...inner);
}
