import type {JournalDisk} from './disk.js';
import type {JournalEntry} from './journal-entry.js';
import {SessionError} from './session-error.js';

/** How a journal is written. Callbacks must not throw and should return soon. */
export type JournalWriterOptions = {
	/** Pause before what the disk refused is tried again, in ms. @default 1000 */
	retryEveryMs?: number;
	/** The disk refuses entries, for `error`, or takes them again. */
	onHealth?(health: 'ok' | 'refused', error?: unknown): void;
};

/** What is put down in advance, so that a full disk still takes entries: hours of them. */
export const preallocatedBytes = 1 << 20;
/** More is put down when less than this is left. */
const leastPreallocatedBytes = 1 << 18;
/** Bytes of one write of line feeds: a disk that is nearly full takes some of them. */
const fillBytes = 1 << 16;
/** Bytes of entries between two syncs at most, when many wait. */
const maxBatchBytes = 1 << 18;

type Waiting = {entry: JournalEntry; line: Buffer; resolve(): void; reject(error: SessionError): void};

/**
 * Appends entries to a journal, in order. The file has been filled with line feeds in advance, really written, and entries take their place: they need no new space on the disk. An entry that the disk refuses
 * waits in memory and is tried again, and so is one whose sync failed, at the same place.
 */
export class JournalWriter {
	readonly #disk: JournalDisk;
	readonly #options: JournalWriterOptions;
	readonly #waiting: Waiting[] = [];
	#bytes: number;
	#nAppended = 0;
	#allocatedBytes: number;
	#refusal: {error: unknown} | undefined;
	#writing: Promise<void> | undefined;
	#retryTimer: NodeJS.Timeout | undefined;
	#isClosed = false;

	/** Goes on at byte `bytes` of the file on `disk`, which has `allocatedBytes` and only line feeds behind. The disk belongs to the writer from then on. */
	constructor(disk: JournalDisk, bytes: number, allocatedBytes: number, options: JournalWriterOptions = {}) {
		this.#disk = disk;
		this.#bytes = bytes;
		this.#allocatedBytes = allocatedBytes;
		this.#options = options;
	}

	/** Bytes of entries that are on the medium: so much of the file is the journal. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Entries that this writer was given. */
	get nAppended(): number {
		return this.#nAppended;
	}

	/** Entries that are not on the medium yet, in order. */
	get unsaved(): readonly JournalEntry[] {
		return this.#waiting.map(({entry}) => entry);
	}

	/** Whether the disk refuses entries now. */
	get isRefused(): boolean {
		return this.#refusal !== undefined;
	}

	/**
	 * Appends `entry`. Resolves when it is on the medium, after those that were appended before; while the disk refuses it, that takes as long as it does. Rejects only
	 * where the disk refuses even while the journal is closed, and with `SessionError`; nobody need wait for it.
	 */
	append(entry: JournalEntry): Promise<void> {
		if (this.#isClosed) throw new Error('This journal is closed.');
		const line = Buffer.from(`${JSON.stringify(entry)}\n`);
		const saved = new Promise<void>((resolve, reject) => {
			this.#waiting.push({entry, line, resolve, reject});
		});
		this.#nAppended++;
		saved.catch(() => {});
		if (!this.#refusal) this.#write();
		return saved;
	}

	/** Resolves when everything that was appended is on the medium, or the disk refuses it. */
	async settled(): Promise<void> {
		while (this.#writing) await this.#writing;
	}

	/**
	 * Brings what waits to the disk, cuts the file to its entries and closes it. Returns the entries that the disk refuses even now.
	 * Throws what the system says when the file cannot be cut or closed; its entries are there then.
	 */
	async close(): Promise<JournalEntry[]> {
		this.#isClosed = true;
		clearTimeout(this.#retryTimer);
		await this.settled();
		if (this.#waiting.length > 0) {
			this.#write();
			await this.settled();
		}
		const lost = this.#waiting.splice(0);
		for (const {reject} of lost) {
			reject(
				new SessionError('disk-full', 'The disk did not take this entry of the journal.', {
					cause: this.#refusal?.error,
				}),
			);
		}
		try {
			await this.#disk.truncate(this.#bytes);
			await this.#disk.sync();
		} finally {
			await this.#disk.close();
		}
		return lost.map(({entry}) => entry);
	}

	#write(): void {
		clearTimeout(this.#retryTimer);
		this.#writing ??= this.#writeAll().finally(() => {
			this.#writing = undefined;
		});
	}

	async #writeAll(): Promise<void> {
		while (this.#waiting.length > 0) {
			const batch = this.#nextBatch();
			try {
				const lines = Buffer.concat(batch.map(({line}) => line));
				await this.#put(lines, this.#bytes);
				await this.#disk.sync();
				this.#bytes += lines.length;
			} catch (error) {
				this.#refuse(error);
				return;
			}
			this.#waiting.splice(0, batch.length);
			if (this.#refusal) {
				this.#refusal = undefined;
				this.#options.onHealth?.('ok');
			}
			for (const {resolve} of batch) resolve();
			if (!this.#isClosed) await this.#preallocate();
		}
	}

	/** The oldest entries that wait, as many as go into one write. */
	#nextBatch(): Waiting[] {
		let bytes = 0;
		const end = this.#waiting.findIndex(({line}) => {
			bytes += line.length;
			return bytes > maxBatchBytes;
		});
		return end < 0 ? [...this.#waiting] : this.#waiting.slice(0, Math.max(1, end));
	}

	async #put(bytes: Uint8Array, position: number): Promise<void> {
		for (let at = 0; at < bytes.length; ) {
			const written = await this.#disk.write(bytes.subarray(at), position + at);
			if (written === 0) throw new Error('The disk took nothing.');
			at += written;
			this.#allocatedBytes = Math.max(this.#allocatedBytes, position + at);
		}
	}

	#refuse(error: unknown): void {
		const isNew = !this.#refusal;
		this.#refusal = {error};
		if (!this.#isClosed) {
			this.#retryTimer = setTimeout(() => this.#write(), this.#options.retryEveryMs ?? 1000);
		}
		if (isNew) this.#options.onHealth?.('refused', error);
	}

	async #preallocate(): Promise<void> {
		if (this.#allocatedBytes - this.#bytes >= leastPreallocatedBytes) return;
		this.#allocatedBytes = await fill(this.#disk, this.#allocatedBytes, this.#bytes + preallocatedBytes);
	}
}

/**
 * Writes line feeds from byte `from` to `to` and syncs them; returns how far the disk took them: a full one is no failure yet.
 */
export async function fill(disk: JournalDisk, from: number, to: number): Promise<number> {
	const feeds = Buffer.alloc(fillBytes, '\n');
	let end = from;
	try {
		while (end < to) {
			const written = await disk.write(feeds.subarray(0, Math.min(fillBytes, to - end)), end);
			if (written === 0) break;
			end += written;
		}
		await disk.sync();
	} catch {
		// What of it the disk did not take, entries will ask for themselves.
	}
	return end;
}
