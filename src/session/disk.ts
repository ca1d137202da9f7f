import {open} from 'node:fs/promises';

/**
 * The file under a tape, as its writer needs it. Each call runs in a thread of Node's pool, never in the caller's; the writer has at most one `write` and one
 * `sync` under way, so they take two of the pool's four threads and a stalled `sync` does not hold up a `write`.
 */
export type TapeDisk = {
	/** Writes `bytes` at byte `position` and returns how many of them; may be fewer. */
	write(bytes: Uint8Array, position: number): Promise<number>;
	/** Returns when what was written before the call is on the medium (`fdatasync`: the length of the file included). */
	sync(): Promise<void>;
	/** Closes the file. */
	close(): Promise<void>;
};

/** The file under a journal, as its writer needs it, with one call under way at a time. */
export type JournalDisk = TapeDisk & {
	/** Cuts the file to `size` bytes. */
	truncate(size: number): Promise<void>;
};

/** The file at `path`, which exists. Throws what the system says. */
export async function openDisk(path: string): Promise<JournalDisk> {
	const handle = await open(path, 'r+');
	return {
		async write(bytes, position) {
			const {bytesWritten} = await handle.write(bytes, 0, bytes.length, position);
			return bytesWritten;
		},
		sync: () => handle.datasync(),
		truncate: size => handle.truncate(size),
		close: () => handle.close(),
	};
}
