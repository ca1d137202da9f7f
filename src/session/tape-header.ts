import {SessionError} from './session-error.js';

/** Bytes of a tape before its first sample: RIFF, JUNK (later ds64), fmt, data. */
export const tapeHeaderBytes = 80;
/** A sample of a tape: 16-bit little-endian, mono. */
export const bytesPerSample = 2;

/** Sizes while a recording goes on: nothing that reads WAV takes them for a length. */
const openSize = 0xffffffff;
/** The body of a ds64 chunk without a table: three 64-bit sizes and the table's length. JUNK keeps its place. */
const ds64Bytes = 28;
const at = {riffSize: 4, junk: 12, format: 48, data: 72, dataSize: 76};

/** The 80 bytes of a tape at `sampleRate` Hz with open sizes, as it has them while it grows. */
export function openTapeHeader(sampleRate: number): Buffer {
	const header = Buffer.alloc(tapeHeaderBytes);
	header.write('RIFF', 0, 'latin1');
	header.writeUInt32LE(openSize, at.riffSize);
	header.write('WAVE', 8, 'latin1');
	header.write('JUNK', at.junk, 'latin1');
	header.writeUInt32LE(ds64Bytes, at.junk + 4);
	header.write('fmt ', at.format, 'latin1');
	header.writeUInt32LE(16, at.format + 4);
	header.writeUInt16LE(1, at.format + 8); // integer PCM
	header.writeUInt16LE(1, at.format + 10); // channels
	header.writeUInt32LE(sampleRate, at.format + 12);
	header.writeUInt32LE(sampleRate * bytesPerSample, at.format + 16);
	header.writeUInt16LE(bytesPerSample, at.format + 20);
	header.writeUInt16LE(8 * bytesPerSample, at.format + 22);
	header.write('data', at.data, 'latin1');
	header.writeUInt32LE(openSize, at.dataSize);
	return header;
}

/** The 80 bytes of a tape that ends after `nSamples`: RIFF, or RF64 (EBU Tech 3306) where 32 bits cannot hold its size. */
export function closedTapeHeader(sampleRate: number, nSamples: number): Buffer {
	const header = openTapeHeader(sampleRate);
	const dataBytes = nSamples * bytesPerSample;
	const riffBytes = tapeHeaderBytes - 8 + dataBytes;
	if (riffBytes < openSize) {
		header.writeUInt32LE(riffBytes, at.riffSize);
		header.writeUInt32LE(dataBytes, at.dataSize);
		return header;
	}
	header.write('RF64', 0, 'latin1');
	header.write('ds64', at.junk, 'latin1');
	header.writeBigUInt64LE(BigInt(riffBytes), at.junk + 8);
	header.writeBigUInt64LE(BigInt(dataBytes), at.junk + 16);
	header.writeBigUInt64LE(BigInt(nSamples), at.junk + 24);
	return header;
}

/**
 * Rate in Hz of the tape that begins with `header`, whatever its sizes say. Throws `SessionError` where it is no tape of this program;
 * `file` names it in the message.
 */
export function tapeRate(header: Uint8Array, file: string): number {
	const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
	if (bytes.length < tapeHeaderBytes) {
		throw new SessionError('damaged', `${file} has ${bytes.length} bytes; a tape begins with ${tapeHeaderBytes}.`);
	}
	const sampleRate = bytes.readUInt32LE(at.format + 12);
	const expected = openTapeHeader(sampleRate);
	const hasFormat = bytes.subarray(at.format, at.dataSize).equals(expected.subarray(at.format, at.dataSize));
	const isWave = /^(?:RIFF|RF64)$/.test(bytes.toString('latin1', 0, 4)) && bytes.toString('latin1', 8, 12) === 'WAVE';
	if (!isWave || !hasFormat || sampleRate === 0) {
		throw new SessionError(
			'damaged',
			`${file} does not begin like a tape (16-bit mono WAV, samples from byte ${tapeHeaderBytes}): \`pi-caption transcribe\` reads other recordings.`,
		);
	}
	return sampleRate;
}

/** Whole samples of a tape whose file has `fileBytes`: half a sample at its end, left by a crash, does not count. */
export const samplesInFile = (fileBytes: number): number =>
	Math.max(0, Math.floor((fileBytes - tapeHeaderBytes) / bytesPerSample));

/** Where sample `sample` of a tape lies in its file, in bytes. */
export const tapeOffset = (sample: number): number => tapeHeaderBytes + sample * bytesPerSample;
