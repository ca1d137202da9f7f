import {randomBytes} from 'node:crypto';
import {
	accessSync,
	closeSync,
	constants,
	existsSync,
	fdatasyncSync,
	ftruncateSync,
	openSync,
	realpathSync,
	renameSync,
	type Stats,
	statSync,
	unlinkSync,
	writeSync,
} from 'node:fs';
import path from 'node:path';
import {systemReason} from './sentence.js';

/** An output that does not take what is written, in one sentence. */
export class OutputError extends Error {
	override name = 'OutputError';
}

/**
 * A file that gets its name when it is complete: until then it is a hidden sibling, so an earlier file of that name stays whole. Devices and pipes are written
 * directly. Everything is synchronous, so that it works while the process ends.
 */
export class OutputFile {
	readonly #given: string;
	readonly #target: string;
	/** The sibling's name; undefined for what is written directly. */
	readonly #sibling: string | undefined;
	readonly #descriptor: number;
	#size = 0;
	#isClosed = false;

	/** Throws `OutputError` when the file cannot be made. */
	constructor(given: string) {
		this.#given = given;
		try {
			const found = statSync(given, {throwIfNoEntry: false});
			this.#target = found ? realpathSync(given) : given;
			if (found && !found.isFile()) {
				this.#descriptor = openSync(given, 'w');
			} else {
				if (found) accessSync(given, constants.W_OK);
				const name = `.pi-caption-${randomBytes(6).toString('hex')}.partial`;
				this.#sibling = path.join(path.dirname(this.#target), name);
				this.#descriptor = openSync(this.#sibling, 'wx', found?.mode ?? 0o666);
			}
		} catch (error) {
			throw this.#refused(error);
		}
	}

	/** Appends `text` whole or not at all. Throws `OutputError`. */
	write(text: string): void {
		const bytes = Buffer.from(text);
		let at = 0;
		try {
			while (at < bytes.length) at += writeSync(this.#descriptor, bytes, at);
			this.#size += bytes.length;
		} catch (error) {
			if (this.#sibling) ftruncateSync(this.#descriptor, this.#size);
			throw this.#refused(error);
		}
	}

	/** Gives the file its name. Throws `OutputError`; what was written is then in the file that the message names. */
	complete(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		try {
			if (this.#sibling) fdatasyncSync(this.#descriptor);
			closeSync(this.#descriptor);
			if (this.#sibling) renameSync(this.#sibling, this.#target);
		} catch (error) {
			throw this.#refused(error, this.#sibling && `; what was captioned is in ${this.#sibling}`);
		}
	}

	/**
	 * Keeps what was written so far and returns the name under which: its own, unless an earlier file has it, which then stays as it is.
	 * Throws `OutputError`, as `complete` does.
	 */
	keepPartial(): string {
		if (this.#isClosed) return this.#given;
		if (!this.#sibling || !existsSync(this.#target)) {
			this.complete();
			return this.#given;
		}
		this.#isClosed = true;
		const {dir, name, ext} = path.parse(this.#given);
		for (let i = 1; ; i++) {
			const free = path.join(dir, `${name}.partial${i > 1 ? `-${i}` : ''}${ext}`);
			if (existsSync(free)) continue;
			try {
				closeSync(this.#descriptor);
				renameSync(this.#sibling, free);
				return free;
			} catch (error) {
				throw this.#refused(error, `; what was captioned is in ${this.#sibling}`);
			}
		}
	}

	/** Leaves nothing behind. */
	discard(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		closeSync(this.#descriptor);
		if (this.#sibling) unlinkSync(this.#sibling);
	}

	#refused(error: unknown, rest = ''): OutputError {
		return new OutputError(`Cannot write ${this.#given}: ${systemReason(error)}${rest}.`, {cause: error});
	}
}

/** Whether both are the same file, by whatever names. */
export const isSameFile = (a: Stats | undefined, b: Stats | undefined): boolean =>
	a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
