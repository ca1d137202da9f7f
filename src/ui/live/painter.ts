/** Where a painter writes: a terminal. */
export type PaintTarget = {write(text: string): unknown};

/** Draws frames on a terminal, changed rows only. */
export type Painter = {
	/** Shows `frame`, rows separated by line feeds, from the first row of the terminal on. Rows that are `isKept` stay as they are, whatever the frame has there. */
	paint(frame: string, isKept?: (row: number) => boolean): void;
	/** The terminal shows something else now (another size, another program wrote): the next frame is drawn whole. */
	forget(): void;
};

/**
 * A painter of `target`. It says for each row where it stands, instead of moving up from where the last frame ended: after a terminal was resized nothing is
 * where it was. Of a row that only grew, as the open line does with each word, it writes what is new.
 */
export function createPainter(target: PaintTarget): Painter {
	let shown: string[] | undefined;
	return {
		paint(frame, isKept = () => false) {
			const rows = frame.split('\n').map((row, i) => (isKept(i) ? (shown?.[i] ?? row) : row));
			let output = shown ? '' : '\x1b[0m\x1b[2J';
			const before = shown ?? [];
			for (let i = 0; i < Math.max(rows.length, before.length); i++) {
				const row = rows[i] ?? '';
				const old = before[i] ?? '';
				if (row === old) continue;
				const same = shown ? sameCells(old, row) : 0;
				// Erased before it is written: a row that fills the terminal leaves the cursor on its last cell.
				output += `\x1b[${i + 1};${same + 1}H\x1b[K${row.slice(same)}`;
			}
			shown = rows;
			if (output !== '') target.write(output);
		},
		forget() {
			shown = undefined;
		},
	};
}

/** How many cells at the beginning are the same and plain: only there is a character a cell, with no style to begin. */
function sameCells(before: string, after: string): number {
	let same = 0;
	while (same < before.length && same < after.length) {
		const code = after.charCodeAt(same);
		if (code !== before.charCodeAt(same) || code < 0x20 || code > 0x7e) break;
		same++;
	}
	// What follows may join the cell before it (a combining accent): that cell is written again.
	return Math.max(0, same - 1);
}
