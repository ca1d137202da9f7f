import path from 'node:path';
import type {Command} from '../../recorder/protocol.js';
import type {RecorderClient} from '../../recorder/recorder-client.js';
import {safeLine} from '../../session/safe-text.js';
import type {Gauges} from '../../system/gauges.js';
import {createBrowsing} from './browsing.js';
import type {Item} from './caption-item.js';
import {formatNames} from './dialogue.js';
import {exportFile, exportToFile, isTaken} from './export-file.js';
import {type FoundAt, type JournalPages, openJournalPages} from './journal-pages.js';
import {isPaste, type KeyPress} from './key-name.js';
import {type Action, type Keymap, type KeyName, listModes, textModes} from './keymap.js';
import {initialState, type LiveAction, type LiveState, layoutOf, reduce, wantedPage} from './live-state.js';
import {type Look, textSizeNames, themeNames} from './look.js';
import type {Marks} from './marks.js';
import {warningKind, warnings} from './warnings.js';

/** How a viewer was left. */
export type LiveEnd = {
	/** The session that was on the screen. */
	folder?: string;
	/** It goes on. */
	isRecording: boolean;
	/** What the recorder said of a stop. */
	message?: string;
};

/** What a viewer does besides showing. */
export type LiveServices = {
	/** Keeps the look in the settings. */
	saveLook(look: Look): void;
	/** The gauges now. */
	readGauges(): Gauges | undefined;
	ring(): void;
	repaint(): void;
};

/** What a viewer is made of. */
export type LiveViewerOptions = {
	client: RecorderClient;
	keymap: Keymap;
	look: Look;
	marks: Marks;
	screen: {columns: number; rows: number};
	services: LiveServices;
	advice?: string;
	/** Where sessions are. */
	sessionsFolder: string;
};

/** What a change came from: a key, the recorder or the disk, or the gauges' clock. */
export type ChangeFrom = 'key' | 'news' | 'gauges';

/** The live screen without the screen: what it shows, and what keys do. */
export type LiveViewer = {
	readonly state: LiveState;
	/** Has `listener` called after each change, with what it came from. */
	subscribe(listener: (from: ChangeFrom) => void): () => void;
	/** Keys that came in one piece. A paste is text: where none is typed, it does nothing. */
	pressAll(presses: readonly KeyPress[]): void;
	resize(columns: number, rows: number): void;
	/** Resolves when the user leaves. */
	readonly ended: Promise<LiveEnd>;
	/** Shows a sentence for a while; untrusted. */
	say(message: string): void;
	/** Leaves. */
	leave(): void;
};

const messageMs = 6000;
const maxTyped = 2000;

/** Attaches a viewer to `client`. */
export function createLiveViewer(options: LiveViewerOptions): LiveViewer {
	const {client, keymap, services} = options;
	const listeners = new Set<(from: ChangeFrom) => void>();
	let state = initialState(options.look, options.marks, options.screen);
	let changeFrom: ChangeFrom = 'news';
	let isEnded = false;
	let rung = new Set<string>();
	let messageTimer: NodeJS.Timeout | undefined;
	let search = new AbortController();
	/** The file that an export would write over, once that was said. */
	let warnedOf: string | undefined;
	let resolveEnd: (end: LiveEnd) => void;
	const ended = new Promise<LiveEnd>(resolve => {
		resolveEnd = resolve;
	});

	function dispatch(action: LiveAction): void {
		const next = reduce(state, action);
		if (next === state) return;
		state = next;
		ringForNew();
		for (const listener of listeners) listener(changeFrom);
		journal.load();
	}

	function say(message: string): void {
		clearTimeout(messageTimer);
		messageTimer = setTimeout(() => dispatch({type: 'message'}), messageMs);
		dispatch({type: 'message', message: safeLine(message)});
	}

	function ringForNew(): void {
		const ringing = warnings(state, options.advice).filter(({rings}) => rings);
		const kinds = new Set(ringing.map(warningKind));
		if ([...kinds].some(kind => !rung.has(kind))) services.ring();
		rung = kinds;
	}

	const journal = journalLoader(() => state, dispatch, say);
	const browsing = createBrowsing({
		sessionsFolder: options.sessionsFolder,
		state: () => state,
		dispatch,
		say,
		showAt: showHit,
		showStart: () => void journal.toStart(),
	});

	/** Sends a command and says what came of it. */
	async function command(command: Command, busy?: string): Promise<boolean> {
		dispatch({type: 'busy', busy});
		try {
			const {isDone, message, status} = await client.send(command);
			dispatch({type: 'recorder', event: {type: 'status', status}});
			say(message);
			return isDone;
		} catch (error) {
			say((error as Error).message);
			return false;
		} finally {
			if (busy !== undefined) dispatch({type: 'busy'});
		}
	}

	async function stop(): Promise<void> {
		dispatch({type: 'mode', mode: 'captions'});
		if (await command({name: 'stop'}, 'What was recorded is captioned to its end and saved')) end(state.message);
	}

	const isSessionOn = () =>
		state.connection !== 'ended' && state.status?.session !== undefined && state.status.state !== 'idle';

	function end(message?: string): void {
		if (isEnded) return;
		isEnded = true;
		clearTimeout(messageTimer);
		clearInterval(ticks);
		search.abort();
		browsing.close();
		unsubscribe();
		journal.close();
		resolveEnd({folder: state.liveFolder, isRecording: isSessionOn(), message});
	}

	async function find(direction: 'before' | 'after'): Promise<void> {
		const {query, history} = state;
		if (query === '') return say('Nothing was searched for yet.');
		if (history.folder === undefined) return;
		search.abort();
		search = new AbortController();
		const {signal} = search;
		const from = state.matchByte ?? (direction === 'before' ? history.endByte : 0);
		try {
			const wanted = query.toLowerCase();
			const found = await journal.find(({text}) => text.toLowerCase().includes(wanted), from, direction, signal);
			if (signal.aborted) return;
			if (found) dispatch({type: 'found', folder: history.folder, found});
			else
				say(
					`No ${state.matchByte === undefined ? '' : direction === 'before' ? 'earlier ' : 'later '}match for “${query}”.`,
				);
		} catch (error) {
			say(`The journal cannot be searched: ${(error as Error).message}`);
		}
	}

	/** Shows the place of the session on the screen at which tape time `atMs` is. */
	async function showHit(atMs: number): Promise<void> {
		const {folder} = state.history;
		try {
			const found = await journal.find(item => item.atMs >= atMs, -1, 'after', search.signal);
			if (found && folder !== undefined) dispatch({type: 'found', folder, found});
		} catch (error) {
			say(`The session cannot be read: ${(error as Error).message}`);
		}
	}

	async function exportNow(): Promise<void> {
		const {formatIndex, history} = state;
		const {folder} = history;
		if (folder === undefined) {
			toCaptions();
			say('There is no session to export.');
			return;
		}
		const file = exportFile(state.typed);
		if (isTaken(file) && warnedOf !== file) {
			warnedOf = file;
			dispatch({type: 'message', message: safeLine(`${file} is there already: once more writes over it.`)});
			return;
		}
		warnedOf = undefined;
		toCaptions();
		try {
			say(await exportToFile(folder, formatNames[formatIndex]!, file));
		} catch (error) {
			say((error as Error).message);
		}
	}

	function chooseFormat(step: number): void {
		const index = (state.formatIndex + step + formatNames.length) % formatNames.length;
		dispatch({type: 'format', index});
		const ending = new RegExp(String.raw`\.(?:${formatNames.join('|')})$`);
		dispatch({type: 'type', typed: state.typed.replace(ending, `.${formatNames[index]}`)});
	}

	function changeLook(look: Partial<Look>): void {
		dispatch({type: 'look', look});
		try {
			services.saveLook(state.look);
		} catch (error) {
			say(`The look is not kept: ${(error as Error).message}`);
		}
	}

	const page = () => Math.max(1, layoutOf(state).captions - 2);
	const toCaptions = () => dispatch({type: 'mode', mode: 'captions'});

	/** What the actions do; `scroll` ones move the captions, or the help. */
	const deeds: Record<Action, () => void> = {
		record() {
			const deed = {
				recording: 'pause',
				starting: 'pause',
				paused: 'resume',
				stopping: undefined,
				idle: 'start',
			} as const;
			const name = deed[state.status?.state ?? 'idle'];
			if (name === undefined) say('The session is being saved: start anew when it is.');
			else void command(name === 'start' ? {name, options: {}} : {name});
		},
		mark: () => void command({name: 'mark'}),
		note: () => dispatch({type: 'mode', mode: 'note'}),
		search: () => dispatch({type: 'mode', mode: 'search', typed: state.query}),
		next: () => void find('after'),
		previous: () => void find('before'),
		export() {
			if (state.mode === 'sessions') browsing.open();
			dispatch({type: 'mode', mode: 'export', typed: exportPath(state)});
		},
		lineUp: () => scroll(-1),
		lineDown: () => scroll(1),
		pageUp: () => scroll(-page()),
		pageDown: () => scroll(page()),
		home() {
			if (state.mode === 'help') dispatch({type: 'scroll-help', row: 0});
			else if (listModes.includes(state.mode)) browsing.select(Number.NEGATIVE_INFINITY);
			else void journal.toStart();
		},
		end() {
			if (state.mode === 'help') dispatch({type: 'scroll-help', row: 1000});
			else if (listModes.includes(state.mode)) browsing.select(Number.POSITIVE_INFINITY);
			else dispatch({type: 'follow'});
		},
		captionsOnly: () => dispatch({type: 'captions-only'}),
		look: () => dispatch({type: 'mode', mode: 'look'}),
		help: () => dispatch({type: 'mode', mode: 'help'}),
		repaint: () => services.repaint(),
		detach: () => end(),
		leave: () => end(),
		stop() {
			if (!isSessionOn()) end();
			else if (state.mode === 'captions') dispatch({type: 'mode', mode: 'stopping'});
			else void stop();
		},
		askLeave() {
			if (isSessionOn()) dispatch({type: 'mode', mode: 'leaving'});
			else end();
		},
		cancel() {
			const isInList = state.mode !== 'sessions' && listModes.includes(state.mode);
			if (state.mode === 'hits') dispatch({type: 'browse', browser: {selected: 0}});
			dispatch({type: 'mode', mode: isInList ? 'sessions' : 'captions'});
		},
		accept() {
			const {mode, typed} = state;
			if (mode === 'export') return void exportNow();
			if (mode === 'rename') return void browsing.rename(typed);
			if (mode === 'searchAll') return void browsing.search(typed.trim());
			toCaptions();
			const text = typed.trim();
			if (mode === 'note') {
				if (text !== '') void command({name: 'note', text});
			} else {
				dispatch({type: 'query', query: text});
				if (text !== '') void find('before');
			}
		},
		nextFormat: () => chooseFormat(1),
		previousFormat: () => chooseFormat(-1),
		theme: () => changeLook({theme: after(themeNames, state.look.theme)}),
		size: () => changeLook({textSize: after(textSizeNames, state.look.textSize)}),
		sessions: () => {
			dispatch({type: 'mode', mode: 'sessions'});
			void browsing.list();
		},
		back() {
			if (state.viewed) dispatch({type: 'view'});
			else dispatch({type: 'query', query: ''});
		},
		open: () => browsing.open(),
		searchAll: () => dispatch({type: 'mode', mode: 'searchAll', typed: state.browser.query}),
		rename() {
			const session = browsing.selected();
			if (session) dispatch({type: 'mode', mode: 'rename', typed: safeLine(session.title)});
		},
		delete() {
			if (state.mode === 'deleting') void browsing.remove();
			else if (browsing.selected()) dispatch({type: 'mode', mode: 'deleting'});
		},
	};

	function scroll(rows: number): void {
		if (state.mode === 'help') dispatch({type: 'scroll-help', row: state.helpRow + rows});
		else if (listModes.includes(state.mode)) browsing.select(rows);
		else dispatch({type: 'scroll', rows});
	}

	function press(key: KeyName, text: string): void {
		const action = keymap.action(state.mode, key);
		if (action !== undefined) deeds[action]();
		else if (textModes.includes(state.mode)) typed(key, text);
	}

	function typed(key: KeyName, text: string): void {
		if (key === 'backspace') dispatch({type: 'type', typed: withoutLast(state.typed)});
		else if (key === 'ctrl+u') dispatch({type: 'type', typed: ''});
		else if (text !== '') {
			dispatch({type: 'type', typed: (state.typed + typeable(text)).slice(0, maxTyped)});
		}
	}

	const ticks = setInterval(() => {
		changeFrom = 'gauges';
		dispatch({type: 'second', gauges: services.readGauges()});
		changeFrom = 'news';
	}, 1000);
	const unsubscribe = client.subscribe(event => {
		if (event.type === 'entry' || event.type === 'saved' || event.type === 'snapshot') journal.hasNews();
		dispatch({type: 'recorder', event});
	});

	return {
		get state() {
			return state;
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		pressAll(presses) {
			if (isPaste(presses) && !textModes.includes(state.mode)) return;
			changeFrom = 'key';
			for (const {key, text} of presses) press(key, text);
			changeFrom = 'news';
		},
		resize: (columns, rows) => dispatch({type: 'screen', columns, rows}),
		ended,
		say,
		leave: () => end(),
	};
}

/** Brings pages of the journal into the state as the reader comes near them, one at a time. */
function journalLoader(getState: () => LiveState, dispatch: (action: LiveAction) => void, say: (text: string) => void) {
	let opened: {folder: string; pages: JournalPages} | undefined;
	let isLoading = false;
	let hasNews = false;
	let isClosed = false;

	async function pagesOf(folder: string): Promise<JournalPages> {
		if (opened?.folder === folder) return opened.pages;
		void opened?.pages.close();
		opened = undefined;
		opened = {folder, pages: await openJournalPages(folder)};
		return opened.pages;
	}

	async function loadNext(folder: string): Promise<boolean> {
		const {history} = getState();
		const wanted = wantedPage(getState()) ?? (hasNews && history.isAtEnd ? 'news' : undefined);
		if (wanted === undefined) return false;
		hasNews = false;
		const pages = await pagesOf(folder);
		const tapeRate = await pages.tapeRate();
		if (wanted === 'last') {
			dispatch({type: 'page', where: 'last', folder, page: await pages.last(), tapeRate});
		} else if (wanted === 'before') {
			dispatch({type: 'page', where: 'before', folder, page: await pages.before(history.startByte), tapeRate});
		} else {
			dispatch({type: 'page', where: 'after', folder, page: await pages.after(history.endByte), tapeRate});
		}
		return true;
	}

	async function load(): Promise<void> {
		if (isLoading || isClosed) return;
		isLoading = true;
		try {
			for (
				let folder = getState().history.folder;
				folder !== undefined && !isClosed;
				folder = getState().history.folder
			) {
				if (!(await loadNext(folder))) break;
			}
		} catch (error) {
			const {folder, tapeRate} = getState().history;
			// What comes is shown all the same, from the recorder.
			if (folder !== undefined && !isClosed) {
				const page = {items: [], startByte: 0, endByte: 0, isAtEnd: true};
				dispatch({type: 'page', where: 'last', folder, page, tapeRate});
				say(`Earlier captions cannot be read: ${(error as Error).message}`);
			}
		} finally {
			isLoading = false;
		}
	}

	return {
		load: () => void load(),
		hasNews() {
			hasNews = true;
		},
		async toStart(): Promise<void> {
			const {folder} = getState().history;
			if (folder === undefined) return;
			try {
				const pages = await pagesOf(folder);
				const page = await pages.after(0);
				dispatch({type: 'page', where: 'start', folder, page, tapeRate: await pages.tapeRate()});
			} catch (error) {
				say(`Earlier captions cannot be read: ${(error as Error).message}`);
			}
		},
		async find(
			matches: (item: Item) => boolean,
			byte: number,
			direction: 'before' | 'after',
			signal: AbortSignal,
		): Promise<FoundAt | undefined> {
			const {folder} = getState().history;
			return folder === undefined ? undefined : (await pagesOf(folder)).find(matches, byte, direction, signal);
		},
		close() {
			isClosed = true;
			void opened?.pages.close().catch(() => {});
		},
	};
}

function after<T>(names: readonly T[], name: T): T {
	return names[(names.indexOf(name) + 1) % names.length]!;
}

/** Where an export goes unless something else is typed: the home folder, by the session's title. */
function exportPath({status, history, formatIndex, viewed}: LiveState): string {
	const title = safeLine((viewed ?? status?.session)?.title ?? '');
	const name = (title === '' ? path.basename(history.folder ?? 'transcript') : title)
		.replace(/[^\p{L}\p{N}._ -]/gu, '')
		.trim()
		.replace(/\s+/g, '-');
	return `~/${name.replace(/^\.+/, '') || 'transcript'}.${formatNames[formatIndex]}`;
}

/** What may be typed or pasted: one line, nothing invisible; spaces at its ends stay. */
const typeable = (text: string) => text.replace(/\s/g, ' ').replace(/\p{Cc}|\p{Cf}/gu, '');

const withoutLast = (text: string) => {
	const characters = [...new Intl.Segmenter().segment(text)];
	return text.slice(0, characters.at(-1)?.index ?? 0);
};
