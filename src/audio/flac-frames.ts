/** What the first bytes of a FLAC file say of its frames: samples in a frame (where all have as many), and the largest frame in bytes (0: not said). */
export type FlacStreamInfo = {blockSamples: number; maxFrameBytes: number};

/** Reads STREAMINFO, which stands first in every FLAC file; undefined where `bytes` begin otherwise (Ogg FLAC). RFC 9639 §8.2. */
export function readFlacStreamInfo(bytes: Uint8Array): FlacStreamInfo | undefined {
	if (bytes.length < 18 || String.fromCharCode(...bytes.subarray(0, 4)) !== 'fLaC') return undefined;
	return {
		blockSamples: (bytes[10]! << 8) | bytes[11]!,
		maxFrameBytes: (bytes[15]! << 16) | (bytes[16]! << 8) | bytes[17]!,
	};
}

/** A frame's place in the bytes that were searched, and its first sample in the stream. */
export type FlacFrame = {at: number; startSample: number};

/** The first frame header in `bytes` whose checksum is right and whose first sample lies in `from` … `to`. RFC 9639 §9.1. */
export function findFlacFrame(
	bytes: Uint8Array,
	{from, to}: {from: number; to: number},
	{blockSamples}: FlacStreamInfo,
): FlacFrame | undefined {
	for (let at = 0; at + maxHeaderBytes <= bytes.length; at++) {
		if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xfe) !== 0xf8) continue;
		const number = readCodedNumber(bytes, at + 4);
		if (!number) continue;
		const length = 4 + number.length + blockSizeBytes(bytes[at + 2]! >> 4) + rateBytes(bytes[at + 2]! & 15);
		if (crc8(bytes.subarray(at, at + length)) !== bytes[at + length]) continue;
		const isVariable = (bytes[at + 1]! & 1) === 1;
		const startSample = isVariable ? number.value : number.value * blockSamples;
		if (startSample >= from && startSample <= to) return {at, startSample};
	}
	return undefined;
}

/** Sync, block and rate codes, a coded number of up to 7 bytes, block size, rate, checksum. */
const maxHeaderBytes = 4 + 7 + 2 + 2 + 1;

const blockSizeBytes = (code: number) => (code === 6 ? 1 : code === 7 ? 2 : 0);
const rateBytes = (code: number) => (code === 12 ? 1 : code === 13 || code === 14 ? 2 : 0);

/** A number in the way of UTF-8, up to 7 bytes. */
function readCodedNumber(bytes: Uint8Array, at: number): {value: number; length: number} | undefined {
	const first = bytes[at]!;
	if (first < 0x80) return {value: first, length: 1};
	const length = Math.clz32(~(first << 24));
	if (length < 2 || length > 7) return undefined;
	let value = first & (0x7f >> length);
	for (let i = 1; i < length; i++) {
		const next = bytes[at + i]!;
		if (next >> 6 !== 2) return undefined;
		value = value * 64 + (next & 63);
	}
	return {value, length};
}

/** Checksum of a frame header: polynomial x⁸ + x² + x + 1. */
function crc8(bytes: Uint8Array): number {
	let crc = 0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
	}
	return crc;
}
