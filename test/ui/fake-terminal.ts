import {Writable} from 'node:stream';

/** A terminal that keeps its lines: understands what moves the cursor or erases, and throws at any other escape sequence. */
export class FakeTerminal extends Writable {
	readonly isTTY = true;
	/** Everything that was written, in order. */
	readonly writes: string[] = [];
	#lines: string[] = [''];
	#row = 0;
	#column = 0;

	constructor(
		public columns = 80,
		public rows = 24,
	) {
		super({decodeStrings: false});
	}

	/** Lines on the terminal and above it, without those that are empty at the end. */
	get lines(): string[] {
		const lines = this.#lines.map(line => line.trimEnd());
		while (lines.at(-1) === '') lines.pop();
		return lines;
	}

	/** The row of the last line with text, from the top of everything. */
	get lastRow(): number {
		return this.lines.length - 1;
	}

	override _write(text: string, _encoding: string, done: () => void): void {
		this.writes.push(text);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: it is a terminal.
		for (const [token, , count, command] of text.matchAll(/(\x1b\[([?\d]*)([A-Za-z]))|\n|\r|[^\x1b\n\r]/gu)) {
			if (command) this.#obey(command, count!);
			else if (token === '\n') this.#moveTo(this.#row + 1, 0);
			else if (token === '\r') this.#column = 0;
			else this.#put(token);
		}
		done();
	}

	#obey(command: string, argument: string): void {
		const count = Number(argument || 1);
		const line = this.#lines[this.#row]!;
		if (command === 'A') this.#moveTo(Math.max(0, this.#row - count), this.#column);
		else if (command === 'B') this.#moveTo(this.#row + count, this.#column);
		else if (command === 'G') this.#column = count - 1;
		else if (command === 'K') this.#lines[this.#row] = argument === '2' ? '' : line.slice(0, this.#column);
		else if (!/^\?2026[hl]$/.test(argument + command)) throw new Error(`The terminal got ${argument}${command}.`);
	}

	#moveTo(row: number, column: number): void {
		this.#row = row;
		this.#column = column;
		while (this.#lines.length <= row) this.#lines.push('');
	}

	#put(character: string): void {
		if (this.#column >= this.columns) this.#moveTo(this.#row + 1, 0);
		const line = this.#lines[this.#row]!.padEnd(this.#column);
		this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
		this.#column++;
	}
}

/** A pipe or file that keeps what it got; `failAfter` writes it fails with `error`. */
export class FakePipe extends Writable {
	text = '';

	constructor(private readonly refuse: (text: string) => Error | undefined = () => undefined) {
		super({decodeStrings: false});
		this.on('error', () => {});
	}

	override _write(text: string, _encoding: string, done: (error?: Error) => void): void {
		const error = this.refuse(this.text);
		if (!error) this.text += text;
		done(error);
	}
}
