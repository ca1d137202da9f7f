import type {Piece} from './tokenizer.js';

/** A word as its pieces come: `frames` counts from the start of the stream; the end is that of its last piece so far. */
export type TimedWord = {text: string; startFrame: number; endFrame: number};

/** What one position adds: a new word, more of the last word, or nothing (padding and the like). */
export type WordEvent = {kind: 'starts' | 'grows'; text: string} | {kind: 'pause'};

/**
 * Spells tokens out, one position at a time. A piece that opens with ▁ starts a word; the other pieces go on with the word before them, also
 * across padding, as SentencePiece joins them. Byte pieces wait until they are a whole character.
 */
export class Speller {
	readonly #pieces: readonly Piece[];
	readonly #silent: ReadonlySet<number>;
	#bytes: number[] = [];
	#opensWord = true;

	/** `silent`: ids that are no text whatever the vocabulary says (padding, end of padding). */
	constructor(pieces: readonly Piece[], silent: Iterable<number>) {
		this.#pieces = pieces;
		this.#silent = new Set(silent);
	}

	/** A speller that goes on from here, apart from this one. */
	copy(): Speller {
		const copy = new Speller(this.#pieces, this.#silent);
		copy.#bytes = [...this.#bytes];
		copy.#opensWord = this.#opensWord;
		return copy;
	}

	/** What `token` adds. */
	next(token: number): WordEvent {
		const piece = this.#pieces[token];
		if (!piece || piece.kind === 'silent' || this.#silent.has(token)) return {kind: 'pause'};
		if (piece.kind === 'byte') {
			this.#bytes.push(piece.byte);
			const character = wholeCharacter(this.#bytes);
			if (character === undefined) return {kind: 'pause'};
			this.#bytes = [];
			return this.#spelled(character);
		}
		// Bytes that never became a character are shown as one replacement character, as SentencePiece does.
		const lost = this.#bytes.length > 0 ? '\uFFFD' : '';
		this.#bytes = [];
		return this.#spelled(lost + piece.text);
	}

	#spelled(spelling: string): WordEvent {
		const opens = this.#opensWord || spelling.startsWith('▁');
		const text = spelling.replaceAll('▁', ' ').trim();
		// A lone ▁ is a space: the next piece opens the word.
		if (text === '') {
			this.#opensWord = opens;
			return {kind: 'pause'};
		}
		this.#opensWord = false;
		return {kind: opens ? 'starts' : 'grows', text};
	}
}

/** The character that `bytes` spell in UTF-8, U+FFFD where they cannot spell one, undefined while some are missing. */
function wholeCharacter(bytes: readonly number[]): string | undefined {
	const first = bytes[0]!;
	const needed = first < 0x80 ? 1 : first >> 5 === 6 ? 2 : first >> 4 === 14 ? 3 : first >> 3 === 30 ? 4 : 1;
	return bytes.length < needed ? undefined : new TextDecoder().decode(Uint8Array.from(bytes));
}
