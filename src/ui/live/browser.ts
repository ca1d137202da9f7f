import type {SessionSummary} from '../../session/list-sessions.js';
import {safeLine} from '../../session/safe-text.js';
import type {SearchHit} from '../../session/search.js';
import {shortTime} from '../../session/time-text.js';
import {type Line, span} from './line.js';
import type {Marks} from './marks.js';

/** The sessions on the disk, as a list to choose from, and what was found in them. */
export type Browser = {
	/** Newest first; undefined while they are read. */
	sessions?: readonly SessionSummary[];
	/** Where the text that was searched for stands. */
	hits: readonly SearchHit[];
	/** What was searched for in all sessions. */
	query: string;
	isSearching: boolean;
	/** Index of the chosen session or hit. */
	selected: number;
};

/** Nothing read, nothing found. */
export const emptyBrowser: Browser = {hits: [], query: '', isSearching: false, selected: 0};

/** A list of sessions in `height` rows; the chosen one is marked. */
export function sessionLines({sessions, selected}: Browser, height: number, columns: number, marks: Marks): Line[] {
	if (!sessions) return [[span('The sessions are read.', 'event')]];
	if (sessions.length === 0) return [[span('There are no sessions yet.', 'event')]];
	const isNarrow = columns < 60;
	return windowed(sessions, selected, height - 1, [span('Sessions, newest first', 'dialogue')], (session, isChosen) => {
		const {title, durationMs, nWords, state} = session;
		const length = shortTime(durationMs).padStart(isNarrow ? 5 : 8);
		const words = isNarrow ? '' : `${String(nWords).padStart(7)} words`;
		const how = state === 'stopped' ? '' : `  (${state})`;
		const text = `${sessionDate(session)}${length}${words}  ${safeLine(title) || 'untitled'}${how}`;
		return [span(isChosen ? marks.open : '  ', 'state'), span(text, isChosen ? 'dialogue' : 'text')];
	});
}

/** What was found, in `height` rows. */
export function hitLines(browser: Browser, height: number, marks: Marks): Line[] {
	const {hits, query, selected, isSearching} = browser;
	const count = `${hits.length} ${hits.length === 1 ? 'place' : 'places'}`;
	const head = `“${query}”: ${count}${isSearching ? ' so far' : ''}`;
	return windowed(
		hits,
		selected,
		height - 1,
		[span(marks.more === '…' ? head : head.replace(/[“”]/g, '"'), 'dialogue')],
		(hit, isChosen) => {
			const {title, atMs, text, from, to} = hit;
			// So much before the match that it is not at the edge of a narrow screen.
			const start = Math.max(0, from - 20);
			return [
				span(isChosen ? marks.open : '  ', 'state'),
				span(
					`${safeLine(title) || sessionDate({id: hit.sessionId})} ${shortTime(atMs)}  `,
					isChosen ? 'dialogue' : 'margin',
				),
				span(`${start > 0 ? marks.more : ''}${text.slice(start, from)}`),
				span(text.slice(from, to), 'match'),
				span(text.slice(to)),
			];
		},
	);
}

/** `2026-11-25 10:19`, from the id, which has the local time of then. */
export function sessionDate({id}: Pick<SessionSummary, 'id'>): string {
	const [date = '', time = ''] = id.split('_');
	return `${date} ${time.split('-').slice(0, 2).join(':')}`;
}

/** The session for a question: `“Team meeting” (2026-11-25 10:19, 0:24, 23 words)`. */
export function sessionName({id, title, durationMs, nWords}: SessionSummary): string {
	return `"${safeLine(title) || 'untitled'}" (${sessionDate({id})}, ${shortTime(durationMs)}, ${nWords} words)`;
}

/** A head, and the rows around the chosen one. */
function windowed<Item>(
	items: readonly Item[],
	selected: number,
	height: number,
	head: Line,
	row: (item: Item, isChosen: boolean) => Line,
): Line[] {
	const rows = Math.max(1, height);
	const top = Math.max(0, Math.min(selected - Math.floor(rows / 2), items.length - rows));
	return [head, ...items.slice(top, top + rows).map((item, i) => row(item, top + i === selected))];
}
