import type {RecorderStatus} from '../../recorder/protocol.js';
import type {RecorderEvent} from '../../recorder/recorder-client.js';
import {safeLine} from '../../session/safe-text.js';
import type {Gauges} from '../../system/gauges.js';
import {type Browser, emptyBrowser} from './browser.js';
import {captionItem, type Item} from './caption-item.js';
import {type CaptionSetting, captionSetting} from './caption-rows.js';
import type {FoundAt, JournalItem, JournalPage} from './journal-pages.js';
import type {Mode} from './keymap.js';
import type {Look} from './look.js';
import type {Marks} from './marks.js';
import {type Anchor, anchorAround, type Content, rowsAbove, rowsBelow, scrolled} from './viewport.js';

/** A loaded stretch of the journal, whole lines: `items` of the bytes from `startByte` to `endByte`. */
export type History = {
	folder?: string;
	tapeRate: number;
	items: readonly JournalItem[];
	startByte: number;
	endByte: number;
	/** Nothing was written behind `endByte` that is not loaded, as far as is known. */
	isAtEnd: boolean;
};

/** Everything that the live screen shows. It changes only through `reduce`. */
export type LiveState = {
	/** `gone`: no recorder answers for now. `ended`: none will. */
	connection: 'connecting' | 'on' | 'gone' | 'ended';
	/** Why no recorder answers. */
	goneWhy?: string;
	status?: RecorderStatus;
	/** The session that is on, or was last. */
	liveFolder?: string;
	/** An earlier session that is read instead. */
	viewed?: {folder: string; title: string};
	browser: Browser;
	history: History;
	/** Heard from the recorder and not yet read from the journal. */
	pending: readonly Item[];
	open?: {segmentId: number; text: string; startMs: number};
	/** Where the reader has scrolled to; undefined while the newest line is followed. */
	anchor?: Anchor;
	/** Captions that came since the reader scrolled back. */
	nNewLines: number;
	query: string;
	/** Where in the journal the last match was found. */
	matchByte?: number;
	mode: Mode;
	/** What is typed in a note, a search or a path. */
	typed: string;
	/** Index of the chosen export format. */
	formatIndex: number;
	helpRow: number;
	isCaptionsOnly: boolean;
	look: Look;
	screen: {columns: number; rows: number};
	gauges?: Gauges;
	/** RTF once a second, of the last minute. */
	rtfs: readonly number[];
	/** What was done or went wrong, shown for a while instead of the key bar. */
	message?: string;
	/** What is being done and may take a while. */
	busy?: string;
	marks: Marks;
};

/** What happens to the live screen. */
export type LiveAction =
	| {type: 'recorder'; event: RecorderEvent}
	| {type: 'page'; where: 'last' | 'start' | 'before' | 'after'; folder: string; page: JournalPage; tapeRate: number}
	| {type: 'found'; folder: string; found: FoundAt}
	| {type: 'browse'; browser: Partial<Browser>}
	| {type: 'view'; viewed?: {folder: string; title: string}}
	| {type: 'scroll'; rows: number}
	| {type: 'follow'}
	| {type: 'mode'; mode: Mode; typed?: string}
	| {type: 'type'; typed: string}
	| {type: 'format'; index: number}
	| {type: 'scroll-help'; row: number}
	| {type: 'query'; query: string}
	| {type: 'look'; look: Partial<Look>}
	| {type: 'captions-only'}
	| {type: 'screen'; columns: number; rows: number}
	| {type: 'second'; gauges?: Gauges}
	| {type: 'message'; message?: string}
	| {type: 'busy'; busy?: string};

/** More items than this are not kept: what the reader is far from is read again when it is wanted. */
export const maxItems = 1500;
const dropItems = 500;
const rtfsKept = 60;

/** The state before anything was heard from a recorder. */
export function initialState(
	look: Look,
	marks: Marks,
	screen: {columns: number; rows: number},
	tapeRate = 24_000,
): LiveState {
	return {
		connection: 'connecting',
		history: {tapeRate, items: [], startByte: 0, endByte: 0, isAtEnd: true},
		browser: emptyBrowser,
		pending: [],
		nNewLines: 0,
		query: '',
		mode: 'captions',
		typed: '',
		formatIndex: 0,
		helpRow: 0,
		isCaptionsOnly: false,
		look,
		screen,
		rtfs: [],
		marks,
	};
}

/** The next state. Pure. */
export function reduce(state: LiveState, action: LiveAction): LiveState {
	switch (action.type) {
		case 'recorder':
			return heard(state, action.event);
		case 'page':
			return action.folder === state.history.folder ? paged(state, action) : state;
		case 'found':
			return action.folder === state.history.folder ? shownAround(state, action.found) : state;
		case 'browse':
			return {...state, browser: {...state.browser, ...action.browser}};
		case 'view':
			return {...state, viewed: action.viewed, ...emptyHistory(state, action.viewed?.folder ?? state.liveFolder)};
		case 'scroll':
			return scrolledBy(state, action.rows);
		case 'follow':
			return {...state, anchor: undefined, nNewLines: 0};
		case 'mode':
			return {...state, mode: action.mode, typed: action.typed ?? '', helpRow: 0, message: undefined};
		case 'type':
			return {...state, typed: action.typed};
		case 'format':
			return {...state, formatIndex: action.index};
		case 'scroll-help':
			return {...state, helpRow: Math.max(0, action.row)};
		case 'query':
			return {...state, query: action.query};
		case 'look':
			return {...state, look: {...state.look, ...action.look}};
		case 'captions-only':
			return {...state, isCaptionsOnly: !state.isCaptionsOnly};
		case 'screen':
			return {...state, screen: {columns: action.columns, rows: action.rows}};
		case 'second':
			return {...state, gauges: action.gauges ?? state.gauges, rtfs: withRtf(state)};
		case 'message':
			return {...state, message: action.message};
		case 'busy':
			return {...state, busy: action.busy};
	}
}

/** What can be scrolled through now. The open line is only there when everything before it is. */
export function contentOf({history, pending, open, query, viewed}: LiveState): Content {
	if (!history.isAtEnd || viewed) return {items: history.items, query};
	const items = pending.length > 0 ? [...history.items, ...pending] : history.items;
	return {items, open: open && {text: open.text, startMs: open.startMs}, query};
}

/** How captions are set on the screen as it is. */
export function settingOf({screen, look, marks, isCaptionsOnly}: LiveState): CaptionSetting {
	return captionSetting(screen.columns, look.textSize, marks, isCaptionsOnly);
}

/** So many rows of the captions may have warnings over them. */
export function mostWarningRows(state: LiveState): number {
	const {rows} = state.screen;
	const most = rows < 10 ? 1 : rows < 20 ? 2 : 5;
	return Math.min(most, Math.max(0, layoutOf(state).captions - 1));
}

/** How the rows of the screen are shared out. All is left out before the captions are. */
export type Layout = {height: number; header: number; captions: number; gauges: number; keyBar: number};

/** The last row of the terminal stays empty, so that nothing ever scrolls it. */
export function layoutOf({screen, isCaptionsOnly}: LiveState): Layout {
	const height = Math.max(1, screen.rows - 1);
	if (isCaptionsOnly) return {height, header: 0, captions: height, gauges: 0, keyBar: 0};
	const header = height < 2 ? 0 : screen.columns < 60 && height >= 10 ? 2 : 1;
	const keyBar = height >= 6 ? 1 : 0;
	const gauges = height >= 16 ? (screen.columns < 60 ? 3 : 2) : height >= 10 ? 1 : 0;
	return {height, header, captions: height - header - gauges - keyBar, gauges, keyBar};
}

function heard(state: LiveState, event: RecorderEvent): LiveState {
	switch (event.type) {
		case 'gone':
		case 'ended':
			return {...state, connection: event.type, goneWhy: safeLine(event.message), open: undefined};
		case 'snapshot': {
			const folder = event.status.session?.folder ?? state.liveFolder;
			const isOther = folder !== state.liveFolder;
			const next: LiveState = {
				...state,
				connection: 'on',
				status: event.status,
				liveFolder: folder,
				open: openLine(event.open),
				// Those that the disk has not taken are sent again.
				pending: isOther ? [] : state.pending.filter(({isUnsaved}) => !isUnsaved),
			};
			return isOther && !state.viewed ? {...next, ...emptyHistory(next, folder)} : next;
		}
		case 'status': {
			const folder = event.status.session?.folder;
			if (folder === undefined || folder === state.liveFolder) return {...state, status: event.status};
			// Another session began: its snapshot, or its first entry, follows.
			return heard(state, {type: 'snapshot', status: event.status, journalBytes: 0});
		}
		case 'open':
			return {...state, open: openLine(event.segment)};
		case 'entry': {
			const {entry, isUnsaved} = event;
			const isOpenLine = entry.type === 'final' && entry.segment.segmentId === state.open?.segmentId;
			const item = captionItem(entry, state.history.tapeRate, isUnsaved);
			if (state.viewed) return {...state, open: isOpenLine ? undefined : state.open};
			const isNewLine = item?.kind === 'final' && state.anchor !== undefined;
			return {
				...state,
				open: isOpenLine ? undefined : state.open,
				nNewLines: state.nNewLines + (isNewLine ? 1 : 0),
				pending: item ? withPending(state, item) : state.pending,
			};
		}
		case 'saved':
			return state;
	}
}

/**
 * Entries stand in `pending` from the moment they are heard until they are read back from the journal: the reader sees them at once, and nothing is shown twice.
 */
function paged(state: LiveState, {where, page, tapeRate}: Extract<LiveAction, {type: 'page'}>): LiveState {
	const {history} = state;
	if (where === 'before') {
		if (page.endByte !== history.startByte) return state;
		const items = [...page.items, ...history.items];
		const anchor = state.anchor && {...state.anchor, block: state.anchor.block + page.items.length};
		const next = {...state, anchor, history: {...history, items, startByte: page.startByte}};
		return droppedBehind(next);
	}
	if (where === 'after' && page.startByte !== history.endByte) return state;
	// The reader has scrolled away since it was asked for.
	if (where === 'last' && state.anchor) return state;
	const items = where === 'after' ? [...history.items, ...page.items] : page.items;
	const read = new Set(page.items.map(({key}) => key));
	const pending = state.pending.filter(({key}) => !read.has(key));
	const startByte = where === 'after' ? history.startByte : page.startByte;
	return droppedBefore({
		...state,
		anchor: where === 'start' && items.length > 0 ? {block: 0, row: -mostWarningRows(state)} : state.anchor,
		pending: pending.length === state.pending.length ? state.pending : pending,
		history: {...history, tapeRate, items, startByte, endByte: page.endByte, isAtEnd: page.isAtEnd},
	});
}

/** Forgets the oldest items; the reader's row stays. What the reader looks at is not forgotten: then the window ends before the newest. */
function droppedBefore(state: LiveState): LiveState {
	const {history, anchor} = state;
	if (history.items.length <= maxItems) return state;
	if (anchor && anchor.block < dropItems) return droppedBehind(state);
	const items = history.items.slice(dropItems);
	return {
		...state,
		anchor: anchor && {...anchor, block: anchor.block - dropItems},
		history: {...history, items, startByte: history.items[dropItems]!.atByte},
	};
}

function droppedBehind(state: LiveState): LiveState {
	const {history} = state;
	if (history.items.length <= maxItems) return state;
	const kept = maxItems - dropItems;
	const endByte = history.items[kept]!.atByte;
	return {...state, history: {...history, items: history.items.slice(0, kept), endByte, isAtEnd: false}};
}

/** Not at its end: so the newest page is wanted. */
function emptyHistory({history}: LiveState, folder: string | undefined) {
	return {
		history: {...history, folder, items: [], startByte: 0, endByte: 0, isAtEnd: folder === undefined},
		pending: [],
		anchor: undefined,
		nNewLines: 0,
		query: '',
		matchByte: undefined,
	};
}

const maxPending = 1000;

function withPending({history, pending}: LiveState, item: Item): readonly Item[] {
	// Far from the end, what the disk has is read when the reader comes there.
	if (!history.isAtEnd && !item.isUnsaved) return pending;
	if (pending.some(({key}) => key === item.key)) return pending;
	return [...pending, item].slice(-maxPending);
}

function shownAround(state: LiveState, {page, atByte}: FoundAt): LiveState {
	const history = {
		...state.history,
		items: page.items,
		startByte: page.startByte,
		endByte: page.endByte,
		isAtEnd: page.isAtEnd,
	};
	const next = {...state, history, matchByte: atByte};
	const block = page.items.findIndex(item => item.atByte === atByte);
	const anchor = anchorAround(contentOf(next), settingOf(next), layoutOf(next).captions, block);
	return {...next, anchor};
}

function scrolledBy(state: LiveState, rows: number): LiveState {
	const room = {height: layoutOf(state).captions, nCovered: mostWarningRows(state)};
	const anchor = scrolled(contentOf(state), settingOf(state), room, state.anchor, rows);
	if (anchor) return {...state, anchor, nNewLines: state.anchor ? state.nNewLines : 0};
	return state.history.isAtEnd ? {...state, anchor: undefined, nNewLines: 0} : state;
}

/** Which part of the journal the reader comes near and is not loaded. */
export function wantedPage(state: LiveState): 'before' | 'after' | 'last' | undefined {
	const {history, anchor} = state;
	if (history.folder === undefined) return undefined;
	if (!anchor) return history.isAtEnd ? undefined : 'last';
	const near = 3 * layoutOf(state).captions;
	const setting = settingOf(state);
	if (history.startByte > 0 && rowsAbove(contentOf(state), setting, anchor) < near) return 'before';
	if (!history.isAtEnd && rowsBelow(contentOf(state), setting, anchor) < near) return 'after';
	return undefined;
}

/** What the recorder lets its session's gauges show: RTF once a second while it records. */
function withRtf({rtfs, status}: LiveState): readonly number[] {
	return status?.session && status.state === 'recording' ? [...rtfs, status.session.rtf].slice(-rtfsKept) : rtfs;
}

const openLine = (segment?: {segmentId: number; text: string; startMs: number}) =>
	segment && {segmentId: segment.segmentId, text: safeLine(segment.text), startMs: segment.startMs};
