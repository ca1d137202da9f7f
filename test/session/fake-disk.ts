import {setImmediate} from 'node:timers/promises';
import type {TapeDisk} from '../../src/session/disk.js';
import {tapeHeaderBytes} from '../../src/session/tape-header.js';

type Call = 'write' | 'sync';

/** A disk in memory that stalls and refuses when a test says so. */
export class FakeDisk implements TapeDisk {
	/** What was written, header included. */
	bytes = Buffer.alloc(tapeHeaderBytes);
	/** Bytes that one write takes at most. */
	maxWriteBytes = Number.POSITIVE_INFINITY;
	/** What the next calls throw. */
	refusal: {write?: Error; sync?: Error} = {};
	isClosed = false;
	/** Calls that were made and have not returned. */
	readonly underWay = new Set<Call>();
	readonly #stalls = new Map<Call, {until: Promise<void>; end: () => void}>();

	/** Calls of this kind do not return before `resume`. */
	stall(call: Call): void {
		let end = () => {};
		const until = new Promise<void>(resolve => {
			end = resolve;
		});
		this.#stalls.set(call, {until, end});
	}

	/** Lets stalled calls return. */
	resume(call: Call): void {
		this.#stalls.get(call)?.end();
		this.#stalls.delete(call);
	}

	async write(bytes: Uint8Array, position: number): Promise<number> {
		const copy = Buffer.from(bytes.subarray(0, this.maxWriteBytes));
		await this.#call('write');
		if (this.refusal.write) throw this.refusal.write;
		const end = Math.max(this.bytes.length, position + copy.length);
		this.bytes = Buffer.concat([this.bytes], end);
		copy.copy(this.bytes, position);
		return copy.length;
	}

	async sync(): Promise<void> {
		await this.#call('sync');
		if (this.refusal.sync) throw this.refusal.sync;
	}

	async close(): Promise<void> {
		this.isClosed = true;
	}

	/** The samples of the tape. */
	get samples(): Int16Array {
		const body = this.bytes.subarray(tapeHeaderBytes);
		return new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
	}

	async #call(call: Call): Promise<void> {
		this.underWay.add(call);
		await this.#stalls.get(call)?.until;
		this.underWay.delete(call);
	}
}

/** Lets everything happen that does not wait for a timer or the disk. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 20; i++) await setImmediate();
}

/** `nSamples` of a tape whose every sample tells its place: sample `from` + i is that number, wrapped to 16 bits. */
export function numbered(from: number, nSamples: number): Int16Array {
	return Int16Array.from({length: nSamples}, (_, i) => from + i);
}
