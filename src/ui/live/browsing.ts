import {deleteSession} from '../../session/delete-session.js';
import {listSessions, type SessionSummary} from '../../session/list-sessions.js';
import {renameSession} from '../../session/rename-session.js';
import {searchSessions} from '../../session/search.js';
import {claimants} from '../../session/session-claim.js';
import {sessionName} from './browser.js';
import type {LiveAction, LiveState} from './live-state.js';

/** What browsing works on. `showAt` and `showStart` show a place of the session that is viewed. */
export type BrowsingOptions = {
	sessionsFolder: string;
	state(): LiveState;
	dispatch(action: LiveAction): void;
	say(message: string): void;
	showAt(atMs: number): void;
	showStart(): void;
};

/** What the keys of the list of sessions do. */
export type Browsing = {
	/** Reads the sessions anew. */
	list(): Promise<void>;
	/** The chosen session, in the list. */
	selected(): SessionSummary | undefined;
	/** Chooses the one so many further on. */
	select(step: number): void;
	/** Shows the chosen session, or the place that was found in one. */
	open(): void;
	rename(title: string): Promise<void>;
	/** Deletes the chosen session for good. */
	remove(): Promise<void>;
	search(query: string): Promise<void>;
	/** Ends a search that is under way. */
	close(): void;
};

/** More places than this nobody looks through. */
const maxHits = 500;

/** Lets the list of sessions be used. */
export function createBrowsing({sessionsFolder, state, dispatch, say, showAt, showStart}: BrowsingOptions): Browsing {
	let searching = new AbortController();

	const selected = () => state().browser.sessions?.[state().browser.selected];
	const toList = () => dispatch({type: 'mode', mode: 'sessions'});

	async function list(): Promise<void> {
		try {
			const sessions = await listSessions(sessionsFolder);
			const last = Math.max(0, sessions.length - 1);
			dispatch({type: 'browse', browser: {sessions, selected: Math.min(state().browser.selected, last)}});
		} catch (error) {
			say(`The sessions cannot be listed: ${(error as Error).message}`);
		}
	}

	/** Does something to the chosen session and lists all anew. */
	async function change(what: string, session: SessionSummary, deed: () => Promise<string>): Promise<void> {
		toList();
		if (claimants(session.folder).length > 0) {
			say(`${sessionName(session)} cannot be ${what}: it is being worked on.`);
			return;
		}
		try {
			say(await deed());
		} catch (error) {
			say((error as Error).message);
		}
		await list();
	}

	function view({folder, title}: {folder: string; title: string}): void {
		const isLive = folder === state().liveFolder;
		dispatch({type: 'view', viewed: isLive ? undefined : {folder, title}});
	}

	return {
		list,
		selected,
		select(step) {
			const {browser, mode} = state();
			const last = (mode === 'hits' ? browser.hits.length : (browser.sessions?.length ?? 0)) - 1;
			dispatch({type: 'browse', browser: {selected: Math.max(0, Math.min(last, browser.selected + step))}});
		},
		open() {
			const {browser, mode} = state();
			const hit = mode === 'hits' ? browser.hits[browser.selected] : undefined;
			const session = hit ?? selected();
			if (!session) return;
			dispatch({type: 'mode', mode: 'captions'});
			view(session);
			if (hit) {
				dispatch({type: 'query', query: browser.query});
				showAt(hit.atMs);
			} else if (state().viewed) {
				showStart();
			}
		},
		async rename(title) {
			const session = selected();
			if (session)
				await change('renamed', session, async () => `It is now "${await renameSession(session.folder, title)}".`);
		},
		async remove() {
			const session = selected();
			if (!session) return;
			await change('deleted', session, async () => {
				if (state().viewed?.folder === session.folder) dispatch({type: 'view'});
				await deleteSession(session.folder);
				return `Deleted ${sessionName(session)}.`;
			});
		},
		async search(query) {
			searching.abort();
			if (query === '') {
				toList();
				return;
			}
			searching = new AbortController();
			const {signal} = searching;
			dispatch({type: 'browse', browser: {hits: [], query, isSearching: true, selected: 0}});
			dispatch({type: 'mode', mode: 'hits'});
			try {
				for await (const hit of searchSessions(sessionsFolder, query, {signal})) {
					if (signal.aborted) return;
					dispatch({type: 'browse', browser: {hits: [...state().browser.hits, hit]}});
					if (state().browser.hits.length >= maxHits) break;
				}
			} catch (error) {
				say(`The sessions cannot be searched: ${(error as Error).message}`);
			}
			if (!signal.aborted) dispatch({type: 'browse', browser: {isSearching: false}});
		},
		close: () => searching.abort(),
	};
}
