/** What the protocol lets viewers be told at once. */
const maxNotices = 20;
const maxSentence = 1000;

/** Sentences for everybody who looks, each under a key that takes it away again. */
export class Notices {
	readonly #sentences = new Map<string, string>();

	/** Says `sentence` under `key`, or nothing more; returns whether that is news. Untrusted. */
	say(key: string, sentence: string | undefined): boolean {
		const said = sentence?.slice(0, maxSentence);
		if (this.#sentences.get(key) === said) return false;
		if (said === undefined) this.#sentences.delete(key);
		else this.#sentences.set(key, said);
		return true;
	}

	/** All of them, oldest first. */
	get all(): string[] {
		return [...this.#sentences.values()].slice(-maxNotices);
	}
}
