/** What to write into a WAV file; sizes that are not given are the true ones. */
export type WavParts = {
	mark?: 'RIFF' | 'RF64' | 'BW64';
	tag?: number;
	channels?: number;
	rate?: number;
	bits?: number;
	/** Bytes of one sample. */
	container?: number;
	data: Uint8Array;
	riffSize?: number;
	dataSize?: number;
	/** Real size of the samples in a `ds64` chunk. */
	size64?: bigint;
	/** Format tag inside a WAVE_FORMAT_EXTENSIBLE chunk. */
	extensible?: number;
	before?: Uint8Array[];
	after?: Uint8Array[];
};

/** The bytes of a WAV file. */
export function makeWav(parts: WavParts): Buffer {
	const {mark = 'RIFF', channels = 1, rate = 16_000, bits = 16, container = Math.ceil(bits / 8), data} = parts;
	const format = Buffer.alloc(parts.extensible === undefined ? 16 : 40);
	format.writeUInt16LE(parts.extensible === undefined ? (parts.tag ?? 1) : 0xfffe, 0);
	format.writeUInt16LE(channels, 2);
	format.writeUInt32LE(rate, 4);
	format.writeUInt32LE((rate * channels * container) >>> 0, 8);
	format.writeUInt16LE(channels * container, 12);
	format.writeUInt16LE(bits, 14);
	if (parts.extensible !== undefined) {
		format.writeUInt16LE(22, 16);
		format.writeUInt16LE(bits, 18);
		format.writeUInt16LE(parts.extensible, 24);
	}
	const ds64: Buffer[] = [];
	if (parts.size64 !== undefined) {
		const body = Buffer.alloc(28);
		body.writeBigUInt64LE(parts.size64, 8);
		ds64.push(chunk('ds64', body));
	}
	const body = Buffer.concat([
		Buffer.from('WAVE'),
		...ds64,
		...(parts.before ?? []),
		chunk('fmt ', format),
		chunk('data', data, parts.dataSize),
		...(parts.after ?? []),
	]);
	const head = Buffer.alloc(8);
	head.write(mark, 0, 'latin1');
	head.writeUInt32LE(parts.riffSize ?? body.length, 4);
	return Buffer.concat([head, body]);
}

/** One RIFF chunk, padded to an even length. */
export function chunk(tag: string, body: Uint8Array, size = body.length): Buffer {
	const head = Buffer.alloc(8);
	head.write(tag, 0, 'latin1');
	head.writeUInt32LE(size, 4);
	return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** Samples as 16-bit little-endian integers. */
export const int16 = (...samples: number[]): Buffer => Buffer.from(Int16Array.from(samples).buffer);
