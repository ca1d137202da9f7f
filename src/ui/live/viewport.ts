import type {Item} from './caption-item.js';
import {type CaptionSetting, itemHeight, itemRows, openRows} from './caption-rows.js';
import type {Line} from './line.js';

/** Everything that can be scrolled through, oldest first: entries, and the open line last. */
export type Content = {items: readonly Item[]; open?: {text: string; startMs: number}; query?: string};

/** The first row on the screen: row `row` of block `block` (an item, or the open line behind the last); negative where empty rows come before it. Undefined: the newest line is followed. */
export type Anchor = {block: number; row: number};

/** What can be seen of `content`, at most `height` rows, and how many rows of the screen stay empty above them. */
export type Viewport = {rows: Line[]; nEmptyAbove: number};

/** About what is said in 15 s, where a caption is cut at the latest. */
const longestCaptionColumns = 260;

/** Rows that the newest line has to wrap into without moving. */
export function reservedRows(setting: CaptionSetting, height: number): number {
	const wrapped = Math.ceil(longestCaptionColumns / setting.textColumns) + (setting.isSpaced ? 1 : 0);
	return Math.max(1, Math.min(wrapped, Math.floor(height / 2)));
}

/** Makes the rows of a screen `height` rows high, from `anchor` on or following the newest line. */
export function viewport(content: Content, setting: CaptionSetting, height: number, anchor?: Anchor): Viewport {
	const topRow = anchor ? rowOf(content, setting, anchor) : followingRow(content, setting, height);
	const rows: Line[] = [];
	for (let block = 0, row = 0; block < nBlocks(content) && row < topRow + height; block++) {
		const blockHeight = heightOf(content, setting, block);
		if (row + blockHeight > topRow) {
			const shown = blockRows(content, setting, block).slice(Math.max(0, topRow - row), topRow + height - row);
			rows.push(...shown);
		}
		row += blockHeight;
	}
	return {rows, nEmptyAbove: Math.max(0, Math.min(height, -topRow))};
}

/**
 * Where the first row is after going `rows` rows on (or back, when negative); undefined when that reaches what following shows. So many as `nCovered` rows of the screen may
 * have something over them: so many empty ones can come before the first.
 */
export function scrolled(
	content: Content,
	setting: CaptionSetting,
	{height, nCovered}: {height: number; nCovered: number},
	anchor: Anchor | undefined,
	rows: number,
): Anchor | undefined {
	const following = followingRow(content, setting, height);
	const from = anchor ? rowOf(content, setting, anchor) : following;
	const to = Math.max(-nCovered, from + rows);
	if (rows > 0 && to >= following) return undefined;
	// Everything fits: there is nothing to scroll to.
	if (following <= -nCovered) return undefined;
	return anchorAt(content, setting, to);
}

/** The anchor that shows block `block` a third below the top. */
export function anchorAround(content: Content, setting: CaptionSetting, height: number, block: number): Anchor {
	const row = rowOf(content, setting, {block, row: 0});
	return anchorAt(content, setting, Math.max(0, row - Math.floor(height / 3)));
}

/** Rows above `anchor`. */
export const rowsAbove = (content: Content, setting: CaptionSetting, anchor: Anchor): number =>
	rowOf(content, setting, anchor);

/** Rows from the anchor's first to the content's last. */
export const rowsBelow = (content: Content, setting: CaptionSetting, anchor: Anchor): number =>
	rowOf(content, setting, {block: nBlocks(content), row: 0}) - rowOf(content, setting, anchor);

/**
 * The first row of a screen that follows: the newest line begins on the same row of the screen, whatever it is, with room below to wrap into. One that is
 * longer than that moves up by half that room at a time, not with every row.
 */
function followingRow(content: Content, setting: CaptionSetting, height: number): number {
	const newest = nBlocks(content) - 1;
	if (newest < 0) return 0;
	const reserved = reservedRows(setting, height);
	const step = Math.max(1, Math.floor(reserved / 2));
	const beyond = Math.max(0, heightOf(content, setting, newest) - (setting.isSpaced ? 1 : 0) - reserved);
	const moved = Math.ceil(beyond / step) * step;
	return rowOf(content, setting, {block: newest, row: 0}) - (height - reserved) + moved;
}

function rowOf(content: Content, setting: CaptionSetting, {block, row}: Anchor): number {
	let above = 0;
	for (let i = 0; i < Math.min(block, nBlocks(content)); i++) above += heightOf(content, setting, i);
	return above + (block < nBlocks(content) ? Math.min(row, heightOf(content, setting, block) - 1) : 0);
}

function anchorAt(content: Content, setting: CaptionSetting, row: number): Anchor {
	if (row < 0) return {block: 0, row};
	let above = 0;
	for (let block = 0; block < nBlocks(content); block++) {
		const height = heightOf(content, setting, block);
		if (row < above + height) return {block, row: row - above};
		above += height;
	}
	return {block: Math.max(0, nBlocks(content) - 1), row: 0};
}

const nBlocks = ({items, open}: Content) => items.length + (open && open.text !== '' ? 1 : 0);

function heightOf(content: Content, setting: CaptionSetting, block: number): number {
	const item = content.items[block];
	return item ? itemHeight(item, setting) : blockRows(content, setting, block).length;
}

function blockRows({items, open, query}: Content, setting: CaptionSetting, block: number): Line[] {
	const item = items[block];
	return item ? itemRows(item, setting, query) : openRows(open!.text, open!.startMs, setting);
}
