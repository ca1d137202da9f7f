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

/** The file at `path`, which exists. Throws what the system says. */
export async function openTapeDisk(path: string): Promise<TapeDisk> {
	const handle = await open(path, 'r+');
	return {
		async write(bytes, position) {
			const {bytesWritten} = await handle.write(bytes, 0, bytes.length, position);
			return bytesWritten;
		},
		sync: () => handle.datasync(),
		close: () => handle.close(),
	};
}
