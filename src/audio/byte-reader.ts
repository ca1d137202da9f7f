/** Bytes read forwards, a look ahead included, with no more in memory than one piece of the stream and what was asked for. */
export class ByteReader {
	/** Length of the whole where it is known: a file has one, standard input has not. */
	readonly size: number | undefined;
	readonly #pieces: AsyncIterator<Uint8Array>;
	#buffer: Uint8Array = new Uint8Array(0);
	#position = 0;
	#hasEnded = false;

	constructor(pieces: AsyncIterable<Uint8Array>, size?: number) {
		this.#pieces = pieces[Symbol.asyncIterator]();
		this.size = size;
	}

	/** Bytes handed out or skipped so far. */
	get position(): number {
		return this.#position;
	}

	/** The next `length` bytes, which stay unread; fewer only at the end. */
	async peek(length: number): Promise<Uint8Array> {
		await this.#fill(length);
		return this.#buffer.subarray(0, length);
	}

	/** Takes the next `length` bytes; fewer only at the end. */
	async read(length: number): Promise<Uint8Array> {
		await this.#fill(length);
		return this.#take(length);
	}

	/** Takes what is at hand, at least one byte and at most `length`; empty only at the end. */
	async readSome(length: number): Promise<Uint8Array> {
		await this.#fill(1);
		return this.#take(length);
	}

	/** Passes over the next `length` bytes, or to the end. */
	async skip(length: number): Promise<void> {
		for (let left = length; left > 0; ) {
			const {length: passed} = await this.readSome(left);
			if (passed === 0) return;
			left -= passed;
		}
	}

	/** Releases what the bytes come from. */
	async close(): Promise<void> {
		await this.#pieces.return?.();
	}

	#take(length: number): Uint8Array {
		const taken = this.#buffer.subarray(0, length);
		this.#buffer = this.#buffer.subarray(taken.length);
		this.#position += taken.length;
		return taken;
	}

	async #fill(length: number): Promise<void> {
		if (this.#buffer.length >= length || this.#hasEnded) return;
		const pieces: Uint8Array[] = [this.#buffer];
		let total = this.#buffer.length;
		while (total < length) {
			const {done, value} = await this.#pieces.next();
			if (done) {
				this.#hasEnded = true;
				break;
			}
			pieces.push(value);
			total += value.length;
		}
		this.#buffer = pieces.length === 2 && pieces[0]!.length === 0 ? pieces[1]! : Buffer.concat(pieces, total);
	}
}
