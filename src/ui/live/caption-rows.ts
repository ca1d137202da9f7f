import {shortTime} from '../../session/time-text.js';
import {textWidth, wrapText} from '../../session/wrap-text.js';
import type {Item} from './caption-item.js';
import {type Line, type Span, span} from './line.js';
import {type TextSizeName, textSizes} from './look.js';
import type {Marks} from './marks.js';

/** How captions are set: same for every row of a screen. */
export type CaptionSetting = {
	marks: Marks;
	/** Whether times stand before the captions. */
	hasMargin: boolean;
	/** Columns of the mark of the open line. */
	leadColumns: number;
	/** Columns that the words of a caption have. Open and final captions are cut at the same words, so that none moves when it becomes final. */
	textColumns: number;
	/** Whether an empty row follows each caption. */
	isSpaced: boolean;
};

/** `1:02:03` and a space: the widest that a meeting needs, so that nothing is cut anew when an hour is over. */
const marginColumns = 8;
/** Narrower than this the times are left out: words need the room. */
const narrowestWithMargin = 40;

/** How captions are set on a screen of so many columns; `isBare` without times. */
export function captionSetting(columns: number, textSize: TextSizeName, marks: Marks, isBare: boolean): CaptionSetting {
	const hasMargin = !isBare && columns >= narrowestWithMargin;
	const leadColumns = textWidth(marks.open);
	const used = (hasMargin ? marginColumns : 0) + leadColumns + textWidth(marks.more);
	const {columns: longest, isSpaced} = textSizes[textSize];
	return {marks, hasMargin, leadColumns, textColumns: Math.max(2, Math.min(columns, longest) - used), isSpaced};
}

/** How many rows an item has. Cheap: a screen asks for those of everything that is loaded. */
export const itemHeight = (item: Item, setting: CaptionSetting): number =>
	itemWords(item, setting).length + (setting.isSpaced ? 1 : 0);

/** Rows of an item, with what `matches` finds marked. */
export function itemRows(item: Item, setting: CaptionSetting, query = ''): Line[] {
	const role = item.kind === 'final' ? 'text' : 'event';
	const rows = itemWords(item, setting).map(
		(line, i): Line => [
			...before(setting, i === 0 ? item.atMs : undefined, false),
			...marked(line, query).map(({text, isMatch}) => span(text, isMatch ? 'match' : role)),
		],
	);
	return spaced(rows, setting);
}

/** Rows of the open line: it begins with `›` and ends with `…`. */
export function openRows(text: string, atMs: number, setting: CaptionSetting): Line[] {
	const words = wrapText(text, setting.textColumns);
	const rows = words.map(
		(line, i): Line => [
			...before(setting, i === 0 ? atMs : undefined, true),
			span(i === words.length - 1 ? line + setting.marks.more : line, 'open'),
		],
	);
	return spaced(rows, setting);
}

const spaced = (rows: Line[], {isSpaced}: CaptionSetting) => (isSpaced ? [...rows, []] : rows);

/** The margin, and the mark of the open line in its first row. `atMs` is undefined in rows that go on. */
function before({hasMargin, marks, leadColumns}: CaptionSetting, atMs: number | undefined, isOpen: boolean): Span[] {
	const time = atMs === undefined ? '' : shortTime(atMs);
	const mark = isOpen && atMs !== undefined ? marks.open : ' '.repeat(leadColumns);
	return [...(hasMargin ? [span(`${time.padStart(marginColumns - 1)} `, 'margin')] : []), span(mark, 'open')];
}

const wrapped = new WeakMap<Item, {columns: number; lines: string[]}>();

/** Items never change: their lines are kept as long as the width is the same. */
function itemWords(item: Item, {textColumns, marks}: CaptionSetting): string[] {
	const known = wrapped.get(item);
	if (known?.columns === textColumns) return known.lines;
	const rule = `${marks.rule}${marks.rule} `;
	const lead = {final: '', gap: rule, mark: `${marks.mark} `, note: `${marks.note} `, event: rule}[item.kind];
	const lines = wrapText(`${lead}${item.text}${item.isUnsaved ? ' [unsaved]' : ''}`, textColumns);
	wrapped.set(item, {columns: textColumns, lines});
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
