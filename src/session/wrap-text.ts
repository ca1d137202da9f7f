import stringWidth from 'string-width';

/** Columns that `text` takes in a terminal. `text` is safe text: there are no escape sequences in it. */
export function textWidth(text: string): number {
	return stringWidth(text, {countAnsiEscapeCodes: true});
}

/** `text` in lines of at most `width` columns (≥ 2), cut between words; a word that is wider is cut between its characters. Spaces at the cuts go. */
export function wrapText(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = '';
	let used = 0;
	for (const word of text.split(/\s+/).filter(word => word !== '')) {
		for (const [i, piece] of cutWord(word, width).entries()) {
			const columns = textWidth(piece);
			if (i === 0 && line !== '' && used + 1 + columns <= width) {
				line += ` ${piece}`;
				used += 1 + columns;
			} else {
				if (line !== '') lines.push(line);
				line = piece;
				used = columns;
			}
		}
	}
	if (line !== '') lines.push(line);
	return lines;
}

const characters = new Intl.Segmenter();

function cutWord(word: string, width: number): string[] {
	if (textWidth(word) <= width) return [word];
	const pieces = [''];
	let used = 0;
	for (const {segment} of characters.segment(word)) {
		const columns = textWidth(segment);
		if (used > 0 && used + columns > width) {
			pieces.push('');
			used = 0;
		}
		pieces[pieces.length - 1] += segment;
		used += columns;
	}
	return pieces;
}
