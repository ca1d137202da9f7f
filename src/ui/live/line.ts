import {textWidth} from '../../session/wrap-text.js';
import type {Role} from './look.js';

/** A piece of a line; `text` is safe. */
export type Span = {text: string; role: Role};
/** One row of the screen, left to right. */
export type Line = readonly Span[];

/** A span. */
export const span = (text: string, role: Role = 'text'): Span => ({text, role});

/** The text of a line. */
export const lineText = (line: Line): string => line.map(({text}) => text).join('');

/** Columns of a line. */
export const lineWidth = (line: Line): number => line.reduce((sum, {text}) => sum + textWidth(text), 0);

/** Whether two lines look the same. */
export const isSameLine = (a: Line, b: Line): boolean =>
	a === b || (a.length === b.length && a.every(({text, role}, i) => text === b[i]!.text && role === b[i]!.role));

/** `line` in at most `columns` columns; what was cut ends with `more`. */
export function cutLine(line: Line, columns: number, more: string): Line {
	if (lineWidth(line) <= columns) return line;
	const room = columns - textWidth(more);
	if (room < 0) return [span(cutText(lineText(line), columns))];
	const kept: Span[] = [];
	let used = 0;
	for (const {text, role} of line) {
		const piece = cutText(text, room - used);
		kept.push({text: piece, role});
		used += textWidth(piece);
		if (piece !== text) break;
	}
	const last = kept.at(-1);
	return [...kept, span(more, last?.role)];
}

/** `line` with spaces behind it, `columns` wide. */
export function padLine(line: Line, columns: number, role: Role): Line {
	const missing = columns - lineWidth(line);
	return missing > 0 ? [...line, span(' '.repeat(missing), role)] : line;
}

const characters = new Intl.Segmenter();

/** As much of `text` as fits into `columns`. */
export function cutText(text: string, columns: number): string {
	if (textWidth(text) <= columns) return text;
	let kept = '';
	let used = 0;
	for (const {segment} of characters.segment(text)) {
		used += textWidth(segment);
		if (used > columns) break;
		kept += segment;
	}
	return kept;
}
