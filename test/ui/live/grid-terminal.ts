import stringWidth from 'string-width';

/** A terminal's screen of cells: places the cursor, erases, writes; throws at any other escape sequence but styles. */
export class GridTerminal {
	bytes = 0;
	#cells: string[][];
	#row = 0;
	#column = 0;

	constructor(
		readonly columns: number,
		readonly rows: number,
	) {
		this.#cells = this.#blank();
	}

	/** The rows' text, without spaces at their ends. */
	get lines(): string[] {
		return this.#cells.map(cells => cells.join('').trimEnd());
	}

	write(text: string): void {
		this.bytes += Buffer.byteLength(text);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: it is a terminal.
		for (const [token, argument, command] of text.matchAll(/\x1b\[([\d;]*)([A-Za-z])|[^\x1b]+/g)) {
			if (command) this.#obey(command, argument!);
			else for (const {segment} of new Intl.Segmenter().segment(token)) this.#put(segment);
		}
	}

	#obey(command: string, argument: string): void {
		if (command === 'H') {
			const [row = 1, column = 1] = argument.split(';').map(Number);
			this.#row = row - 1;
			this.#column = column - 1;
		} else if (command === 'K' && argument === '') {
			this.#cells[this.#row]!.fill(' ', Math.min(this.#column, this.columns - 1));
		} else if (command === 'J' && argument === '2') {
			this.#cells = this.#blank();
		} else if (command !== 'm') {
			throw new Error(`The terminal got ${argument}${command}.`);
		}
	}

	#put(character: string): void {
		const width = stringWidth(character);
		if (width === 0) {
			// It joins the cell before it.
			this.#cells[this.#row]![Math.max(0, this.#column - 1)] += character;
			return;
		}
		if (this.#column + width > this.columns) throw new Error(`Row ${this.#row} is too long at ${character}.`);
		if (this.#row >= this.rows) throw new Error(`There is no row ${this.#row}.`);
		this.#cells[this.#row]![this.#column] = character;
		for (let i = 1; i < width; i++) this.#cells[this.#row]![this.#column + i] = '';
		this.#column += width;
	}

	#blank = () => Array.from({length: this.rows}, () => Array<string>(this.columns).fill(' '));
}
