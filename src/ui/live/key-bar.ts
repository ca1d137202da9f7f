import {type Action, type Keymap, keyLabel} from './keymap.js';
import {cutLine, type Line, lineWidth, type Span, span} from './line.js';
import type {LiveState} from './live-state.js';

/** The keys of the captions' screen, or of a list, in one row, as many as there is room for; the last, help and leaving, always. */
export function keyBarLine(state: LiveState, keymap: Keymap): Line {
	const {columns} = state.screen;
	const isList = state.mode === 'sessions' || state.mode === 'hits';
	const words = isList ? {} : barWords(state);
	const parts = keymap.actions(isList ? state.mode : 'captions').flatMap(({action, keys, bar}) =>
		bar === undefined
			? []
			: [
					{
						action,
						spans: [
							span(keyLabel(keys[0]!, state.marks.more !== '…'), 'key'),
							span(` ${words[action] ?? bar}`, 'label'),
						],
					},
				],
	);
	const shown = [...parts];
	const line = () => shown.flatMap(({spans}, i): Span[] => [...(i > 0 ? [span('  ')] : []), ...spans]);
	for (const action of leastWanted) {
		if (lineWidth(line()) <= columns) break;
		const index = shown.findIndex(part => part.action === action);
		if (index >= 0) shown.splice(index, 1);
	}
	return cutLine(line(), columns, state.marks.more);
}

/** Left out first where a row is short. */
const leastWanted: readonly Action[] = [
	'delete',
	'rename',
	'searchAll',
	'look',
	'captionsOnly',
	'sessions',
	'export',
	'search',
	'note',
	'detach',
	'mark',
	'help',
	'stop',
];

/** What keys do now, where that depends. */
function barWords({status}: LiveState): Partial<Record<Action, string>> {
	switch (status?.state) {
		case 'recording':
		case 'starting':
			return {record: 'pause', stop: 'stop'};
		case 'paused':
			return {record: 'resume', stop: 'stop'};
		default:
			return {record: 'start', stop: 'quit', detach: 'quit'};
	}
}
