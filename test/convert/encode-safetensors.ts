/** A tensor as it goes into a file: little-endian bytes, row-major. */
export type TensorData = {dtype: string; shape: number[]; bytes: Uint8Array};

/** A safetensors file with `tensors` in the given order, nothing between them. */
export function encodeSafetensors(tensors: Record<string, TensorData>): Uint8Array<ArrayBuffer> {
	let end = 0;
	const header = Object.entries(tensors).map(([name, {dtype, shape, bytes}]) => {
		const start = end;
		end += bytes.length;
		return [name, {dtype, shape, data_offsets: [start, end]}] as const;
	});
	// Built as text: an object would swallow a tensor that is called __proto__.
	const json = `{${header.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
	return withHeader(json, ...Object.values(tensors).map(({bytes}) => bytes));
}

/** A file with `header` as it stands, padded to 8 bytes, and then `data`. */
export function withHeader(header: string, ...data: Uint8Array[]): Uint8Array<ArrayBuffer> {
	const text = new TextEncoder().encode(header);
	const length = Math.ceil(text.length / 8) * 8;
	const file = new Uint8Array(8 + length + data.reduce((sum, {length}) => sum + length, 0)).fill(0x20, 8, 8 + length);
	new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
	file.set(text, 8);
	let position = 8 + length;
	for (const bytes of data) {
		file.set(bytes, position);
		position += bytes.length;
	}
	return file;
}
