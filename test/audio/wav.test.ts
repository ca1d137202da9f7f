import assert from 'node:assert/strict';
import {test} from 'node:test';
import {AudioError, type AudioErrorCode} from '../../src/audio/audio-error.js';
import {chunk, int16, makeWav, type WavParts} from './make-wav.js';
import {readWav} from './read-audio.js';

const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

const reads = (title: string, parts: WavParts, expected: number[], warning?: RegExp) =>
	test(title, async () => {
		const {samples, warnings} = await readWav(makeWav(parts));
		assert.deepEqual(samples, expected.map(Math.fround));
		if (warning) assert.match(warnings.join('\n'), warning);
		else assert.deepEqual(warnings, []);
	});

reads('8-bit samples are unsigned around 128', {bits: 8, data: Buffer.of(0, 64, 128, 255)}, [-1, -0.5, 0, 127 / 128]);
reads('16-bit samples are divided by 32768 exactly', {data: int16(-32768, -1, 0, 1, 32767)}, [
	-1,
	-1 / 32768,
	0,
	1 / 32768,
	32767 / 32768,
]);
reads(
	'24-bit samples are read with their sign',
	{bits: 24, data: Buffer.of(0, 0, 0x80, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0x40)},
	[-1, -1 / 2 ** 23, 1 / 2 ** 23, 0.5],
);
reads(
	'24 bits in 32 are the high ones',
	{bits: 24, container: 4, data: Buffer.of(0, 0, 0, 0x80, 0, 0, 0, 0x40)},
	[-1, 0.5],
);
reads('32-bit samples are divided by 2^31', {bits: 32, data: bytesOf(Int32Array.of(-(2 ** 31), 2 ** 30))}, [-1, 0.5]);
reads(
	'32-bit floats are clamped, and what is not a number is silent',
	{tag: 3, bits: 32, data: bytesOf(Float32Array.of(0.25, 2, -7, Number.NaN, Number.POSITIVE_INFINITY))},
	[0.25, 1, -1, 0, 1],
);
reads('64-bit floats are read', {tag: 3, bits: 64, data: bytesOf(Float64Array.of(0.5, -0.125))}, [0.5, -0.125]);
reads('A-law follows G.711', {tag: 6, bits: 8, data: Buffer.of(0xd5, 0x55, 0xaa, 0x2a)}, [
	8 / 32768,
	-8 / 32768,
	32256 / 32768,
	-32256 / 32768,
]);
reads('µ-law follows G.711', {tag: 7, bits: 8, data: Buffer.of(0xff, 0x7f, 0x80, 0x00)}, [
	0,
	0,
	32124 / 32768,
	-32124 / 32768,
]);
reads('two channels are mixed', {channels: 2, data: int16(16384, -16384, 8192, 0)}, [0, 0.125]);
reads('eight channels are mixed', {channels: 8, data: int16(8192, 0, 0, 0, 0, 0, 0, 8192)}, [0.0625]);
reads('WAVE_FORMAT_EXTENSIBLE integers are read', {extensible: 1, data: int16(16384)}, [0.5]);
reads('WAVE_FORMAT_EXTENSIBLE floats are read', {extensible: 3, bits: 32, data: bytesOf(Float32Array.of(0.5))}, [0.5]);
reads(
	'chunks before and after the samples are passed over, odd ones too',
	{
		before: [chunk('LIST', Buffer.of(1, 2, 3)), chunk('JUNK', Buffer.alloc(50))],
		data: int16(16384),
		after: [chunk('LIST', Buffer.from('INFO'))],
	},
	[0.5],
);
for (const mark of ['RF64', 'BW64'] as const) {
	reads(
		`${mark} tells its size in ds64`,
		{
			mark,
			size64: 2n,
			dataSize: 0xffffffff,
			riffSize: 0xffffffff,
			data: int16(16384),
			after: [chunk('LIST', Buffer.of(9, 9))],
		},
		[0.5],
	);
	reads(
		`${mark} with a size past the end is read to its end`,
		{mark, size64: 9_000_000_000n, dataSize: 0xffffffff, data: int16(16384)},
		[0.5],
		/says 9000000000 bytes/,
	);
}
reads(
	'open sizes are read to the end',
	{riffSize: 0, dataSize: 0, data: int16(16384, 0)},
	[0.5, 0],
	/recorder had been stopped/,
);
reads(
	'sizes of 0xFFFFFFFF are read to the end',
	{riffSize: 0xffffffff, dataSize: 0xffffffff, data: int16(16384)},
	[0.5],
	/read to its end/,
);
reads(
	'a size past the end is read to the end',
	{dataSize: 900, data: int16(16384)},
	[0.5],
	/says 900 bytes of samples and the file has 2/,
);
reads(
	'a last sample that is cut off is left out',
	{dataSize: 3, data: Buffer.concat([int16(16384), Buffer.of(7)])},
	[0.5],
	/cut off/,
);
reads(
	'no samples are none, although chunks follow',
	{data: new Uint8Array(0), after: [chunk('LIST', Buffer.from('abcd'))]},
	[],
);
reads('the lowest and the highest rate are read', {rate: 768_000, data: int16(0)}, [0]);

for (const pieceBytes of [1, 7, 13, 4096]) {
	test(`the samples are the same when the bytes come ${pieceBytes} at a time`, async () => {
		const values = Array.from({length: 2500}, (_, i) => (i * 7919) % 30_000);
		const wav = makeWav({channels: 2, before: [chunk('LIST', Buffer.alloc(33))], data: int16(...values)});
		const whole = await readWav(wav, {pieceBytes: wav.length});
		assert.equal(whole.samples.length, 1250);
		assert.deepEqual((await readWav(wav, {pieceBytes})).samples, whole.samples);
		assert.deepEqual((await readWav(wav, {pieceBytes, isFile: false})).samples, whole.samples);
	});
}

test('from a pipe a recording that ends early says so', async () => {
	const {samples, warnings} = await readWav(makeWav({dataSize: 900, data: int16(16384)}), {isFile: false});
	assert.deepEqual(samples, [0.5]);
	assert.match(warnings.join(), /ends 898 bytes before its header says/);
});

const refuses = (title: string, bytes: Buffer, code: AudioErrorCode, message: RegExp) =>
	test(title, () =>
		assert.rejects(readWav(bytes), (error: unknown) => {
			assert.ok(error instanceof AudioError);
			assert.equal(error.code, code);
			assert.match(error.message, message);
			return true;
		}),
	);

const data = int16(1, 2, 3, 4);
refuses('3 Hz is refused', makeWav({rate: 3, data}), 'unsupported', /says it has 3 Hz; 1000 to 768000 Hz can be read/);
refuses('9 channels are refused', makeWav({channels: 9, data}), 'unsupported', /9 channels; 1 to 8/);
refuses('0 channels are refused', makeWav({channels: 0, data}), 'unsupported', /0 channels/);
refuses('1-bit samples are refused', makeWav({bits: 1, data}), 'unsupported', /1-bit samples/);
refuses(
	'ADPCM is refused',
	makeWav({tag: 2, bits: 4, data}),
	'unsupported',
	/4-bit samples of format 2 .* sox or ffmpeg/,
);
refuses('16-bit floats are refused', makeWav({tag: 3, bits: 16, data}), 'unsupported', /16-bit samples of format 3/);
refuses('a header that breaks off is refused', makeWav({data}).subarray(0, 20), 'corrupt', /header is cut off/);
refuses(
	'a file without samples and format is refused',
	Buffer.from('RIFF\x04\0\0\0WAVE', 'latin1'),
	'corrupt',
	/ends before its samples/,
);
refuses(
	'samples before their format are refused',
	Buffer.concat([Buffer.from('RIFF\xff\0\0\0WAVE', 'latin1'), chunk('data', data)]),
	'corrupt',
	/no fmt chunk/,
);
refuses(
	'a fmt chunk that is too short is refused',
	Buffer.concat([Buffer.from('RIFF\xff\0\0\0WAVE', 'latin1'), chunk('fmt ', Buffer.alloc(14)), chunk('data', data)]),
	'corrupt',
	/14 bytes; at least 16/,
);
