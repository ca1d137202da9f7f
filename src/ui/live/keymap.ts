/** What the keys do on each screen. One table drives input, key bar, help and README; settings may give other keys. */

/** A key: `r`, `N`, `/`, `ctrl+c`, `escape`, `return`, `pageup`, `space`, … One name a key press (`key-name.ts`). */
export type KeyName = string;

type Binding = {
	keys: readonly KeyName[];
	/** For the help and the README. */
	help: string;
	/** One or two words for the key bar; without it, the key bar leaves the key out. */
	bar?: string;
};

const leave = {keys: ['ctrl+c'], help: 'leave; recording goes on'} as const;
const moves = {
	lineUp: {keys: ['k', 'up'], help: 'a line back'},
	lineDown: {keys: ['j', 'down'], help: 'a line on'},
	pageUp: {keys: ['pageup'], help: 'a screen back'},
	pageDown: {keys: ['pagedown'], help: 'a screen on'},
	home: {keys: ['home'], help: 'to the beginning'},
	end: {keys: ['end'], help: 'to the newest line, and follow it'},
} as const;

/** Every action by mode, in the order of key bar and help. */
export const defaultKeymap = {
	/** Captions come, or are read. */
	captions: {
		record: {keys: ['r'], bar: 'pause', help: 'pause or resume; start when stopped'},
		mark: {keys: ['m'], bar: 'mark', help: 'mark this moment'},
		note: {keys: ['N'], bar: 'note', help: 'write a note'},
		search: {keys: ['/'], bar: 'search', help: 'search the captions'},
		next: {keys: ['n'], help: 'next match'},
		previous: {keys: ['p'], help: 'previous match'},
		export: {keys: ['e'], bar: 'export', help: 'export the transcript'},
		...moves,
		sessions: {keys: ['b'], bar: 'sessions', help: 'browse, search and rename earlier sessions'},
		back: {keys: ['escape'], help: 'back from an earlier session; no search'},
		captionsOnly: {keys: ['z'], bar: 'captions only', help: 'captions only, or everything'},
		look: {keys: ['t'], bar: 'look', help: 'theme and size'},
		help: {keys: ['?'], bar: 'help', help: 'this help'},
		repaint: {keys: ['ctrl+l'], help: 'draw the screen again'},
		detach: {keys: ['d'], bar: 'detach', help: 'leave; recording goes on'},
		stop: {keys: ['q'], bar: 'stop', help: 'stop and save (asks)'},
		askLeave: {keys: ['ctrl+c'], help: 'asks: leave, or stop and save; twice leaves and recording goes on'},
	},
	/** After Ctrl-C. */
	leaving: {
		detach: {keys: ['d', 'return'], help: 'leave; recording goes on (default)'},
		stop: {keys: ['s'], help: 'stop and save'},
		cancel: {keys: ['escape'], help: 'stay'},
		leave,
	},
	/** After `q`. */
	stopping: {
		stop: {keys: ['y'], help: 'stop and save'},
		cancel: {keys: ['escape', 'n'], help: 'go on recording'},
		leave,
	},
	/** A note is typed. */
	note: {
		accept: {keys: ['return'], help: 'save the note'},
		cancel: {keys: ['escape'], help: 'no note'},
		leave,
	},
	/** What to search for is typed. */
	search: {
		accept: {keys: ['return'], help: 'search backwards from here'},
		cancel: {keys: ['escape'], help: 'no search'},
		leave,
	},
	/** Format and path of an export. */
	export: {
		accept: {keys: ['return'], help: 'write the file'},
		nextFormat: {keys: ['tab', 'down'], help: 'next format'},
		previousFormat: {keys: ['up'], help: 'previous format'},
		cancel: {keys: ['escape'], help: 'no export'},
		leave,
	},
	/** Theme and size. */
	look: {
		theme: {keys: ['t', 'right'], help: 'next theme'},
		size: {keys: ['s', 'down'], help: 'next size'},
		cancel: {keys: ['escape', 'return'], help: 'done'},
		leave,
	},
	/** The list of sessions. */
	sessions: {
		open: {keys: ['return'], bar: 'open', help: 'read the session'},
		...moves,
		searchAll: {keys: ['/'], bar: 'search all', help: 'search all sessions'},
		rename: {keys: ['r'], bar: 'rename', help: 'give the session another title'},
		export: {keys: ['e'], bar: 'export', help: 'export its transcript'},
		delete: {keys: ['x'], bar: 'delete', help: 'delete the session for good (asks)'},
		cancel: {keys: ['escape', 'q', 'b'], bar: 'back', help: 'back to the captions'},
		leave,
	},
	/** What was found in all sessions. */
	hits: {
		open: {keys: ['return'], bar: 'open', help: 'read the session at this place'},
		...moves,
		searchAll: {keys: ['/'], bar: 'search all', help: 'search for something else'},
		cancel: {keys: ['escape', 'q'], bar: 'back', help: 'back to the sessions'},
		leave,
	},
	/** What to search all sessions for is typed. */
	searchAll: {
		accept: {keys: ['return'], help: 'search all sessions'},
		cancel: {keys: ['escape'], help: 'no search'},
		leave,
	},
	/** A title is typed. */
	rename: {
		accept: {keys: ['return'], help: 'give it this title'},
		cancel: {keys: ['escape'], help: 'keep the old one'},
		leave,
	},
	/** After the key that deletes. */
	deleting: {
		delete: {keys: ['y'], help: 'delete it for good'},
		cancel: {keys: ['escape', 'n'], help: 'keep it'},
		leave,
	},
	/** This help. */
	help: {
		...moves,
		cancel: {keys: ['escape', 'return', '?', 'q'], help: 'back to the captions'},
		leave,
	},
} as const satisfies Record<string, Record<string, Binding>>;

/** A screen or dialogue: what a key means depends on it. */
export type Mode = keyof typeof defaultKeymap;
/** What a key does in a mode. */
export type ActionIn<M extends Mode> = keyof (typeof defaultKeymap)[M];
/** An action of any mode. */
export type Action = {[M in Mode]: ActionIn<M>}[Mode];

/** In these modes every other key is text. */
export const textModes: readonly Mode[] = ['note', 'search', 'export', 'searchAll', 'rename'];
/** Modes of the list of sessions, which then has the place of the captions. */
export const listModes: readonly Mode[] = ['sessions', 'hits', 'searchAll', 'rename', 'deleting'];

/** The keys as they are now. */
export type Keymap = {
	/** What `key` does in `mode`; undefined when nothing. */
	action(mode: Mode, key: KeyName): Action | undefined;
	keys(mode: Mode, action: Action): readonly KeyName[];
	/** Actions of a mode, in order. */
	actions(mode: Mode): {action: Action; keys: readonly KeyName[]; help: string; bar?: string}[];
};

/**
 * The keymap with other keys from the settings: `{"mark": "x"}` for the captions' screen, `{"leaving.stop": ["s", "x"]}` for others. What cannot be is left
 * as it was, with a sentence for each in `problems`.
 */
export function createKeymap(changes: Readonly<Record<string, string | readonly string[]>> = {}): {
	keymap: Keymap;
	problems: string[];
} {
	const problems: string[] = [];
	const table = new Map<Mode, Map<Action, Binding>>();
	for (const mode of modes) table.set(mode, new Map(entries(mode)));
	for (const [name, wanted] of Object.entries(changes)) {
		const [mode, action] = (name.includes('.') ? name.split('.') : ['captions', name]) as [Mode, Action];
		const binding = table.get(mode)?.get(action);
		if (!binding) {
			problems.push(`Settings, keys: there is no action "${name}".`);
			continue;
		}
		const keys = [wanted].flat().map(key => (key.length === 1 ? key : key.toLowerCase()));
		const owner = clash(table.get(mode)!, action, keys);
		if (keys.length === 0 || keys.includes('')) {
			problems.push(`Settings, keys: "${name}" needs a key.`);
		} else if (owner) {
			problems.push(`Settings, keys: ${keyLabel(owner.key)} cannot be "${name}", it is "${owner.action}".`);
		} else {
			table.get(mode)!.set(action, {...binding, keys});
		}
	}
	const keymap: Keymap = {
		action: (mode, key) => [...table.get(mode)!].find(([, {keys}]) => keys.includes(key))?.[0],
		keys: (mode, action) => table.get(mode)!.get(action)?.keys ?? [],
		actions: mode => [...table.get(mode)!].map(([action, binding]) => ({action, ...binding})),
	};
	return {keymap, problems};
}

/** Modes in order. */
export const modes = Object.keys(defaultKeymap) as Mode[];

function entries(mode: Mode): [Action, Binding][] {
	return Object.entries(defaultKeymap[mode]) as [Action, Binding][];
}

function clash(bindings: Map<Action, Binding>, action: Action, keys: readonly KeyName[]) {
	for (const [other, binding] of bindings) {
		const key = other === action ? undefined : keys.find(key => binding.keys.includes(key));
		if (key !== undefined) return {action: other, key};
	}
	return undefined;
}

const labels: Record<KeyName, string> = {
	'ctrl+c': 'Ctrl-C',
	'ctrl+l': 'Ctrl-L',
	escape: 'Esc',
	return: 'Enter',
	pageup: 'PgUp',
	pagedown: 'PgDn',
	home: 'Home',
	end: 'End',
	up: '↑',
	down: '↓',
	left: '←',
	right: '→',
	tab: 'Tab',
	space: 'Space',
};

/** How a key is written for people; `isAscii` where the terminal has no arrows. */
export function keyLabel(key: KeyName, isAscii = false): string {
	if (isAscii && /^(up|down|left|right)$/.test(key)) return key;
	return labels[key] ?? key.replace(/^ctrl\+(.)$/, (_, letter: string) => `Ctrl-${letter.toUpperCase()}`);
}

/** The keys of the captions' screen and of the dialogues as a Markdown table, as the README has it. */
export function keyTable(keymap: Keymap): string {
	const rows = keymap.actions('captions').map(({keys, help}) => {
		const names = keys.map(key => `\`${keyLabel(key)}\``).join(' ');
		return `| ${names} | ${help} |`;
	});
	return ['| key | what it does |', '|---|---|', ...rows].join('\n');
}
