import {type FileHandle, open} from 'node:fs/promises';
import {ConvertError} from './convert-error.js';
import {floatsFromBf16, floatsFromF16} from './half-floats.js';

/** Bytes with a known size, read at positions: a file, or an array in tests. */
export type ByteSource = {
	size: number;
	/** Fills `bytes` from `position` on. The reader stays within `size`; throws `ConvertError` if the bytes are not there after all. */
	read(bytes: Uint8Array, position: number): Promise<void>;
	close(): Promise<void>;
};

/** One tensor of a file: row-major, `start` and `end` are positions in the file. */
export type TensorInfo = {name: string; dtype: string; shape: readonly number[]; start: number; end: number};

/** Rows `from` … `to` − 1 along the first dimension. */
export type RowRange = {from: number; to: number};

/** Header sizes up to here are read, as by the format's own library: a hostile length must not become an allocation. */
const maxHeaderBytes = 100_000_000;
/** One read of Node takes at most 2 GiB. */
const maxReadBytes = 1 << 26;

const dtypeBytes = new Map(
	Object.entries({
		BOOL: 1,
		U8: 1,
		I8: 1,
		F8_E5M2: 1,
		F8_E4M3: 1,
		U16: 2,
		I16: 2,
		F16: 2,
		BF16: 2,
		U32: 4,
		I32: 4,
		F32: 4,
		U64: 8,
		I64: 8,
		F64: 8,
	}),
);

/** Opens the safetensors file at `path` and checks its header; tensors are read when asked for. Throws `ConvertError`. */
export async function openSafetensors(path: string): Promise<Safetensors> {
	const source = await openFile(path);
	try {
		return await Safetensors.open(source, path);
	} catch (error) {
		await source.close();
		throw error;
	}
}

/**
 * A safetensors file (format: github.com/huggingface/safetensors, README "Format") that is never loaded: only its header is kept.
 * Everything in the header is untrusted; what does not describe the whole file, tensor beside tensor, is refused.
 */
export class Safetensors {
	private constructor(
		private readonly source: ByteSource,
		/** What messages call the file. */
		readonly label: string,
		/** By name, in the order of the file's bytes. */
		readonly tensors: ReadonlyMap<string, TensorInfo>,
	) {}

	/** Reads and checks the header of `source`, which is the caller's to close if this throws. Throws `ConvertError`. */
	static async open(source: ByteSource, label: string): Promise<Safetensors> {
		if (source.size < 8)
			throw new ConvertError('bad-file', `${label} has ${source.size} bytes and is no safetensors file.`);
		const prefix = new Uint8Array(8);
		await source.read(prefix, 0);
		const length = new DataView(prefix.buffer).getBigUint64(0, true);
		if (length > maxHeaderBytes) {
			throw new ConvertError('bad-file', `${label} is no safetensors file: its header would have ${length} bytes.`);
		}
		if (Number(length) > source.size - 8) {
			throw new ConvertError(
				'truncated',
				`${label} ends inside its header: ${length} bytes are announced, ${source.size - 8} are there.`,
			);
		}
		const header = new Uint8Array(Number(length));
		await source.read(header, 8);
		return new Safetensors(source, label, parseHeader(header, source.size, label));
	}

	/** The tensor called `name`. Throws `ConvertError` where there is none. */
	get(name: string): TensorInfo {
		const tensor = this.tensors.get(name);
		if (!tensor) throw new ConvertError('missing-tensor', `${this.label} lacks the tensor ${quote(name)}.`);
		return tensor;
	}

	/** Values of a BF16, F16 or F32 tensor (or of some of its rows) as f32, which holds each of them exactly. Throws `ConvertError`. */
	async readFloats(name: string, rows?: RowRange): Promise<Float32Array<ArrayBuffer>> {
		const {dtype, start, end} = this.#locate(name, rows);
		if (dtype === 'F32') {
			const floats = new Float32Array((end - start) / 4);
			await this.source.read(new Uint8Array(floats.buffer), start);
			return floats;
		}
		if (dtype !== 'BF16' && dtype !== 'F16') throw this.#wrongDtype(name, dtype, 'BF16, F16 or F32');
		const words = new Uint16Array((end - start) / 2);
		await this.source.read(new Uint8Array(words.buffer), start);
		const floats = new Float32Array(words.length);
		if (dtype === 'BF16') floatsFromBf16(words, floats);
		else floatsFromF16(words, floats);
		return floats;
	}

	/** Values of an I64 tensor, or of some of its rows. Throws `ConvertError`. */
	async readInt64s(name: string, rows?: RowRange): Promise<BigInt64Array<ArrayBuffer>> {
		const {dtype, start, end} = this.#locate(name, rows);
		if (dtype !== 'I64') throw this.#wrongDtype(name, dtype, 'I64');
		const values = new BigInt64Array((end - start) / 8);
		await this.source.read(new Uint8Array(values.buffer), start);
		return values;
	}

	/** Bytes of a tensor (or of some of its rows) as they are in the file: little-endian. Throws `ConvertError`. */
	async readBytes(name: string, rows?: RowRange): Promise<Uint8Array<ArrayBuffer>> {
		const {start, end} = this.#locate(name, rows);
		const bytes = new Uint8Array(end - start);
		await this.source.read(bytes, start);
		return bytes;
	}

	/** Closes the file. */
	close(): Promise<void> {
		return this.source.close();
	}

	#locate(name: string, rows: RowRange | undefined): TensorInfo {
		const tensor = this.get(name);
		if (!rows) return tensor;
		const count = tensor.shape[0] ?? 1;
		if (
			!Number.isInteger(rows.from) ||
			!Number.isInteger(rows.to) ||
			rows.from < 0 ||
			rows.to < rows.from ||
			rows.to > count
		) {
			throw new RangeError(`Expected rows within 0 … ${count} of ${name}, got ${rows.from} … ${rows.to}.`);
		}
		const rowBytes = count === 0 ? 0 : (tensor.end - tensor.start) / count;
		return {...tensor, start: tensor.start + rows.from * rowBytes, end: tensor.start + rows.to * rowBytes};
	}

	#wrongDtype(name: string, dtype: string, expected: string): ConvertError {
		return new ConvertError(
			'wrong-dtype',
			`${this.label}: the tensor ${quote(name)} should be ${expected} and is ${dtype}.`,
		);
	}
}

function parseHeader(header: Uint8Array, fileSize: number, label: string): Map<string, TensorInfo> {
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(header));
	} catch (error) {
		throw new ConvertError('bad-file', `${label} is no safetensors file: its header is not JSON.`, {cause: error});
	}
	if (!isObject(json))
		throw new ConvertError('bad-file', `${label} is no safetensors file: its header is no JSON object.`);

	const dataStart = 8 + header.length;
	const tensors = Object.entries(json)
		.filter(([name]) => name !== '__metadata__')
		.map(([name, entry]) => parseEntry(name, entry, dataStart, label))
		.sort((a, b) => a.start - b.start || a.end - b.end);
	let end = dataStart;
	for (const tensor of tensors) {
		if (tensor.end > fileSize) {
			throw new ConvertError(
				'truncated',
				`${label} ends inside the tensor ${quote(tensor.name)}: it has ${fileSize} bytes and should have at least ${tensor.end}.`,
			);
		}
		if (tensor.start !== end) {
			const fault = tensor.start < end ? 'overlaps the one before it' : 'leaves a hole before it';
			throw new ConvertError('bad-tensor', `${label}: the tensor ${quote(tensor.name)} ${fault}.`);
		}
		end = tensor.end;
	}
	if (end !== fileSize) {
		throw new ConvertError('bad-file', `${label} has ${fileSize - end} bytes after its last tensor.`);
	}
	return new Map(tensors.map(tensor => [tensor.name, tensor]));
}

function parseEntry(name: string, entry: unknown, dataStart: number, label: string): TensorInfo {
	const refuse = (why: string) => new ConvertError('bad-tensor', `${label}: the tensor ${quote(name)} ${why}.`);
	if (!isObject(entry)) throw refuse('is not described by a JSON object');
	const {dtype, shape, data_offsets: offsets} = entry;
	const elementBytes = typeof dtype === 'string' ? dtypeBytes.get(dtype) : undefined;
	if (elementBytes === undefined) throw refuse('has a dtype that is unknown');
	if (!isCounts(shape)) throw refuse('has a shape that is no list of counts');
	if (!isCounts(offsets) || offsets.length !== 2) throw refuse('has no pair of data offsets');
	const [start, end] = offsets as [number, number];
	if (end < start) throw refuse('ends before it starts');
	const bytes = shape.reduce((product, dim) => product * dim, elementBytes);
	if (!Number.isSafeInteger(bytes)) throw refuse('has a shape whose product is too large');
	if (bytes !== end - start) throw refuse(`has ${end - start} bytes where its shape needs ${bytes}`);
	if (!Number.isSafeInteger(end + dataStart)) throw refuse('lies beyond any file');
	return {name, dtype: dtype as string, shape, start: dataStart + start, end: dataStart + end};
}

/** `name` for a message. It is anyone's text: quoted, not endless, and nothing in it that a terminal would obey (JSON escapes only the C0 controls). */
export const quote = (name: string): string =>
	JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name).replace(
		/[\p{C}\p{Zl}\p{Zp}]/gu,
		character => `\\u{${character.codePointAt(0)!.toString(16)}}`,
	);

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
	Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0);

async function openFile(path: string): Promise<ByteSource> {
	let handle: FileHandle | undefined;
	try {
		handle = await open(path, 'r');
		const stat = await handle.stat();
		if (!stat.isFile()) throw new ConvertError('bad-file', `${path} is not a file.`);
		return fileSource(handle, path, stat.size);
	} catch (error) {
		await handle?.close();
		if (error instanceof ConvertError) throw error;
		const {code = String(error)} = error as NodeJS.ErrnoException;
		throw new ConvertError('bad-file', `${path} cannot be opened (${code}).`, {cause: error});
	}
}

const fileSource = (handle: FileHandle, path: string, size: number): ByteSource => ({
	size,
	async read(bytes, position) {
		let filled = 0;
		while (filled < bytes.length) {
			const wanted = Math.min(bytes.length - filled, maxReadBytes);
			const {bytesRead} = await handle.read(bytes, filled, wanted, position + filled).catch(error => {
				throw new ConvertError('bad-file', `${path} cannot be read (${error.code}).`, {cause: error});
			});
			if (bytesRead === 0) throw new ConvertError('truncated', `${path} became shorter while it was read.`);
			filled += bytesRead;
		}
	},
	close: () => handle.close(),
});
