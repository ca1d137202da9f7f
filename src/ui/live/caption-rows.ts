import {shortTime} from '../../session/time-text.js';
import {textWidth, wrapText} from '../../session/wrap-text.js';
import type {Item} from './caption-item.js';
import {type Line, type Span, span} from './line.js';
import {type TextSizeName, textSizes} from './look.js';
import type {Marks} from './marks.js';

/** How captions are set: same for every row of a screen. `hasMargin`: times stand before the captions. */
export type CaptionSetting = {
	columns: number;
	hasMargin: boolean;
	textSize: TextSizeName;
	marks: Marks;
};

/** `1:02:03` and a space: the widest that a meeting needs, so that nothing is cut anew when an hour is over. */
const marginColumns = 8;
/** Narrower than this the times are left out: words need the room. */
const narrowestWithMargin = 40;

/** Whether a screen of so many columns has room for times. */
export const hasRoomForMargin = (columns: number): boolean => columns >= narrowestWithMargin;

/** Columns that the words of a caption have. Open and final captions are cut at the same words, so that none moves when it becomes final. */
export function captionColumns({columns, hasMargin, textSize, marks}: CaptionSetting): number {
	const used = (hasMargin ? marginColumns : 0) + textWidth(marks.open) + textWidth(marks.more);
	return Math.max(2, Math.min(columns, textSizes[textSize].columns) - used);
}

/** Rows of an item, with what `matches` finds marked. */
export function itemRows(item: Item, setting: CaptionSetting, query = ''): Line[] {
	const {marks} = setting;
	const lead = {
		final: '',
		gap: `${marks.rule}${marks.rule} `,
		mark: `${marks.mark} `,
		note: `${marks.note} `,
		event: `${marks.rule}${marks.rule} `,
	}[item.kind];
	const unsaved = item.isUnsaved ? ' [unsaved]' : '';
	const words = cachedWrap(item, `${lead}${item.text}${unsaved}`, captionColumns(setting));
	const role = item.kind === 'final' ? 'text' : 'event';
	const rows = words.map(
		(line, i): Line => [
			...before(setting, i === 0 ? item.atMs : undefined, false),
			...marked(line, query).map(({text, isMatch}) => span(text, isMatch ? 'match' : role)),
		],
	);
	return spaced(rows, setting);
}

/** Rows of the open line: it begins with `›` and ends with `…`. */
export function openRows(text: string, atMs: number, setting: CaptionSetting): Line[] {
	const words = wrapText(text, captionColumns(setting));
	const rows = words.map(
		(line, i): Line => [
			...before(setting, i === 0 ? atMs : undefined, true),
			span(i === words.length - 1 ? line + setting.marks.more : line, 'open'),
		],
	);
	return spaced(rows, setting);
}

const spaced = (rows: Line[], {textSize}: CaptionSetting) => (textSizes[textSize].isSpaced ? [...rows, []] : rows);

/** The margin, and the mark of the open line in its first row. `atMs` is undefined in rows that go on. */
function before({hasMargin, marks}: CaptionSetting, atMs: number | undefined, isOpen: boolean): Span[] {
	const time = atMs === undefined ? '' : shortTime(atMs);
	const mark = isOpen && atMs !== undefined ? marks.open : ' '.repeat(textWidth(marks.open));
	return [...(hasMargin ? [span(`${time.padStart(marginColumns - 1)} `, 'margin')] : []), span(mark, 'open')];
}

const wrapped = new WeakMap<Item, {columns: number; lines: string[]}>();

/** Items never change: their lines are kept as long as the width is the same. */
function cachedWrap(item: Item, text: string, columns: number): string[] {
	const known = wrapped.get(item);
	if (known?.columns === columns) return known.lines;
	const lines = wrapText(text, columns);
	wrapped.set(item, {columns, lines});
	return lines;
}

/** `line` cut where `query` is found, whatever the case. A match that goes over the end of a row is not marked. */
function marked(line: string, query: string): {text: string; isMatch: boolean}[] {
	const wanted = query.toLowerCase();
	const folded = line.toLowerCase();
	// Lower case may be longer (`İ`): then places in the one are no places in the other.
	if (wanted === '' || folded.length !== line.length) return [{text: line, isMatch: false}];
	const pieces: {text: string; isMatch: boolean}[] = [];
	let from = 0;
	for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, from)) {
		if (at > from) pieces.push({text: line.slice(from, at), isMatch: false});
		pieces.push({text: line.slice(at, at + wanted.length), isMatch: true});
		from = at + wanted.length;
	}
	if (from < line.length || pieces.length === 0) pieces.push({text: line.slice(from), isMatch: false});
	return pieces;
}
