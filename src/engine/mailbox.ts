/** Items in order for one reader. After `fail` the items that wait are still delivered, then every `next` throws. */
export class Mailbox<Item> {
	readonly #items: Item[] = [];
	#reader: {resolve: (item: Item) => void; reject: (error: Error) => void} | undefined;
	#failure: Error | undefined;

	/** Adds an item; never waits. */
	put(item: Item): void {
		const reader = this.#reader;
		this.#reader = undefined;
		if (reader) reader.resolve(item);
		else this.#items.push(item);
	}

	/** No more items come, for this reason; only the first reason counts. */
	fail(error: Error): void {
		this.#failure ??= error;
		this.#reader?.reject(this.#failure);
		this.#reader = undefined;
	}

	/** The next item. Only one `next` may wait at a time. Throws what `fail` was given. */
	next(): Promise<Item> {
		if (this.#items.length > 0) return Promise.resolve(this.#items.shift()!);
		if (this.#failure) return Promise.reject(this.#failure);
		return new Promise((resolve, reject) => {
			this.#reader = {resolve, reject};
		});
	}
}
