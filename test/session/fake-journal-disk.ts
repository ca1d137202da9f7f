import type {JournalDisk} from '../../src/session/disk.js';

/** A disk in memory with so many bytes in all, that refuses when a test says so. */
export class FakeJournalDisk implements JournalDisk {
	bytes = Buffer.alloc(0);
	/** Bytes that are on the medium: a copy made by each sync. */
	synced = Buffer.alloc(0);
	capacity = Number.POSITIVE_INFINITY;
	maxWriteBytes = Number.POSITIVE_INFINITY;
	refusal: {write?: Error; sync?: Error} = {};
	isClosed = false;
	nSyncs = 0;

	async write(bytes: Uint8Array, position: number): Promise<number> {
		if (this.refusal.write) throw this.refusal.write;
		const room = Math.max(0, Math.max(this.capacity, this.bytes.length) - position);
		const taken = Buffer.from(bytes.subarray(0, Math.min(room, this.maxWriteBytes)));
		if (taken.length === 0) throw Object.assign(new Error('ENOSPC'), {code: 'ENOSPC'});
		this.bytes = Buffer.concat([this.bytes], Math.max(this.bytes.length, position + taken.length));
		taken.copy(this.bytes, position);
		return taken.length;
	}

	async sync(): Promise<void> {
		this.nSyncs++;
		if (this.refusal.sync) throw this.refusal.sync;
		this.synced = Buffer.from(this.bytes);
	}

	async truncate(size: number): Promise<void> {
		this.bytes = this.bytes.subarray(0, size);
	}

	async close(): Promise<void> {
		this.isClosed = true;
	}
}
