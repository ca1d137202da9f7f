import {exportFormats, type FormatName} from '../../session/exports/formats.js';
import {wrapText} from '../../session/wrap-text.js';
import {sessionName} from './browser.js';
import {type Action, type Keymap, keyLabel, type Mode, modes} from './keymap.js';
import {cutText, type Line, span} from './line.js';
import type {LiveState} from './live-state.js';

/** Formats of an export, the one for people first. */
export const formatNames: readonly FormatName[] = [
	'md',
	...(Object.keys(exportFormats) as FormatName[]).filter(name => name !== 'md'),
];

/** Rows of the dialogue that is open, at the bottom of the screen; none while captions are read. */
export function dialogueLines(state: LiveState, keymap: Keymap): Line[] {
	const {columns} = state.screen;
	return dialogueParts(state, keymap).flatMap(part => {
		// What is typed keeps its spaces and its row.
		if (typeof part !== 'string') return [part];
		return wrapText(part, Math.max(2, columns)).map((line): Line => [span(line, 'dialogue')]);
	});
}

function dialogueParts(state: LiveState, keymap: Keymap): (string | Line)[] {
	const {mode, typed, look, formatIndex, marks} = state;
	const key = (action: Action) => keyLabel(keymap.keys(mode, action)[0] ?? '', marks.more !== '…');
	const choices = (...pairs: [Action, string][]) =>
		pairs.map(([action, words]) => `${key(action)} ${words}`).join(marks.separator);
	switch (mode) {
		case 'leaving':
			return [
				'Leave?',
				choices(['detach', 'leave, recording goes on (default)'], ['stop', 'stop and save'], ['cancel', 'stay']),
			];
		case 'stopping':
			return ['Stop the recording and save it?', choices(['stop', 'stop and save'], ['cancel', 'go on recording'])];
		case 'note':
			return [typedLine('Note: ', typed, state), choices(['accept', 'save'], ['cancel', 'no note'])];
		case 'search':
			return [typedLine('Search: ', typed, state), choices(['accept', 'search backwards'], ['cancel', 'no search'])];
		case 'searchAll':
			return [typedLine('Search all sessions: ', typed, state), choices(['accept', 'search'], ['cancel', 'no search'])];
		case 'rename':
			return [
				typedLine('Title: ', typed, state),
				choices(['accept', 'give it this title'], ['cancel', 'keep the old one']),
			];
		case 'deleting': {
			const session = state.browser.sessions?.[state.browser.selected];
			return [
				`Delete ${session ? sessionName(session) : 'it'} for good? Audio, captions and transcripts go.`,
				choices(['delete', 'delete'], ['cancel', 'keep']),
			];
		}
		case 'export':
			return [
				`Export as ${formatNames.map((name, i) => (i === formatIndex ? `[${name}]` : name)).join(' ')}`,
				typedLine('To: ', typed, state),
				...(state.message === undefined ? [] : [state.message]),
				choices(['accept', 'write'], ['nextFormat', 'next format'], ['cancel', 'no export']),
			];
		case 'look':
			return [
				`Theme: ${look.theme}${marks.separator}size: ${look.textSize}`,
				choices(['theme', 'next theme'], ['size', 'next size'], ['cancel', 'done']),
			];
		default:
			return [];
	}
}

/** What is typed with a cursor behind it; of a long one, its end. */
function typedLine(label: string, typed: string, {screen, marks}: LiveState): Line {
	const room = Math.max(4, screen.columns - label.length);
	let end = [...`${typed}${marks.cursor}`].slice(-room).join('');
	while (cutText(end, room) !== end) end = [...end].slice(1).join('');
	return [span(label, 'dialogue'), span(end)];
}

const modeTitles: Record<Mode, string> = {
	captions: 'Keys',
	leaving: 'After Ctrl-C',
	stopping: 'After the key that stops',
	note: 'While a note is written',
	search: 'While a search is typed',
	export: 'While an export is chosen',
	look: 'While the look is chosen',
	sessions: 'In the list of sessions',
	hits: 'Among what was found',
	searchAll: 'While a search of all sessions is typed',
	rename: 'While a title is typed',
	deleting: 'After the key that deletes',
	help: 'In this help',
};

/** Every key of every mode, for the help. */
export function helpLines(state: LiveState, keymap: Keymap): Line[] {
	const isAscii = state.marks.more !== '…';
	return modes.flatMap((mode): Line[] => [
		...(mode === 'captions' ? [] : [[]]),
		[span(modeTitles[mode], 'dialogue')],
		...keymap
			.actions(mode)
			.map(
				({keys, help}): Line => [
					span(`  ${keys.map(key => keyLabel(key, isAscii)).join(', ')}`.padEnd(14), 'key'),
					span(` ${help}`),
				],
			),
	]);
}
