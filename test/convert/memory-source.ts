import assert from 'node:assert/strict';
import type {ByteSource} from '../../src/convert/safetensors.js';

/** `bytes` as a source that takes no read beyond them and notes the largest one in `largest`. */
export const memorySource = (bytes: Uint8Array, largest = {bytes: 0}): ByteSource => ({
	size: bytes.length,
	async read(into, position) {
		assert.ok(position >= 0 && position + into.length <= bytes.length, 'A read goes beyond the file.');
		largest.bytes = Math.max(largest.bytes, into.length);
		into.set(bytes.subarray(position, position + into.length));
	},
	async close() {},
});
