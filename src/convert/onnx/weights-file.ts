import {type FileHandle, open} from 'node:fs/promises';
import path from 'node:path';

/** Where a tensor lies in a weights file, as ONNX's `external_data` tells it. */
export type WeightsLocation = {location: string; offset: number; length: number};

/** A tensor can be mapped only from a page boundary; pages have 4, 16 (Pi 5) or 64 KiB. */
const alignment = 65_536;

/** The file beside a graph that holds its large tensors: written from front to back, tensor by tensor, so that none needs to be in memory whole. */
export class WeightsFile {
	#size = 0;

	private constructor(
		private readonly handle: FileHandle,
		/** Name without folder: it must lie beside the graph. */
		readonly name: string,
	) {}

	/** Creates the file at `file`, which must not exist. */
	static async create(file: string): Promise<WeightsFile> {
		return new WeightsFile(await open(file, 'wx'), path.basename(file));
	}

	/** Appends one tensor, given as its bytes in any number of pieces, little-endian and row-major. */
	async append(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<WeightsLocation> {
		const offset = Math.ceil(this.#size / alignment) * alignment;
		let end = offset;
		for await (const piece of pieces) {
			let written = 0;
			while (written < piece.length) {
				written += (await this.handle.write(piece, written, piece.length - written, end + written)).bytesWritten;
			}
			end += piece.length;
		}
		this.#size = end;
		return {location: this.name, offset, length: end - offset};
	}

	/** Syncs and closes the file: the folder's new name must not reach the disk before its bytes do. */
	async finish(): Promise<void> {
		await this.handle.sync();
		await this.handle.close();
	}

	/** Closes the file as it is, after a failure. */
	abandon(): Promise<void> {
		return this.handle.close();
	}
}
