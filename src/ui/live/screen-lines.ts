import {wrapText} from '../../session/wrap-text.js';
import {hitLines, sessionLines} from './browser.js';
import {dialogueLines, helpLines} from './dialogue.js';
import {gaugeLines} from './gauge-lines.js';
import {headerLines} from './header.js';
import {keyBarLine} from './key-bar.js';
import {type Keymap, keyLabel, listModes} from './keymap.js';
import {cutLine, type Line, padLine, span} from './line.js';
import {contentOf, type LiveState, layoutOf, mostWarningRows, settingOf} from './live-state.js';
import {viewport} from './viewport.js';
import {warnings} from './warnings.js';

/** What a screen shows besides its state. `advice`: how to get a better model than the one that comes along. */
export type ScreenContext = {keymap: Keymap; advice?: string};

/** Rows of each part of the screen, top to bottom; together they are as many as the layout's height. */
export type ScreenLines = {header: Line[]; captions: Line[]; gauges: Line[]; keyBar: Line[]};

/**
 * The whole screen. Warnings and dialogues lie over the first and last rows of the captions, so that they move no caption;
 * the newest rows stay free of warnings, and a dialogue takes the rows of gauges and key bar first.
 */
export function screenLines(state: LiveState, context: ScreenContext): ScreenLines {
	const layout = layoutOf(state);
	const {columns} = state.screen;
	const cut = (line: Line) => cutLine(line, columns, state.marks.more);

	const over = warningLines(state, context);
	const captions = middleRows(state, context, layout.captions, over);
	const below = [
		...(layout.gauges > 0 ? gaugeLines(state, layout.gauges) : []),
		...(layout.keyBar > 0 ? [keyBarLine(state, context.keymap)] : []),
	];
	const panel = panelLines(state, context, layout.height - layout.header);
	const overlaid = Math.max(0, panel.length - below.length);
	captions.splice(captions.length - overlaid, overlaid, ...panel.slice(0, overlaid));
	const rest = panel.slice(overlaid);
	// What is asked begins where the gauges do; what is said stands in the last rows, below them.
	const isDialogue = rest.length > 0 && isAsking(state);
	if (isDialogue) below.splice(0, below.length, ...rest, ...below.slice(rest.length).map((): Line => []));
	else below.splice(below.length - rest.length, rest.length, ...rest);
	const gauges = below.slice(0, layout.gauges);
	const keyBar = below.slice(layout.gauges);
	return {
		header: headerLines(state, layout.header),
		captions: captions.map(cut),
		gauges: gauges.map(cut),
		keyBar: keyBar.map(cut),
	};
}

/** Captions, or what has their place, with the warnings: over the first captions, and before what can give way. */
function middleRows(state: LiveState, context: ScreenContext, height: number, over: Line[]): Line[] {
	const isList = listModes.includes(state.mode);
	if (!isList && state.mode !== 'help') return [...over, ...captionRows(state, context, height).slice(over.length)];
	const room = height - over.length;
	const rows = [...over, ...(isList ? listRows(state, room) : helpRows(state, context, room))];
	while (rows.length < height) rows.push([]);
	return rows.slice(0, height);
}

function listRows({mode, browser, screen, marks}: LiveState, height: number): Line[] {
	return mode === 'hits' ? hitLines(browser, height, marks) : sessionLines(browser, height, screen.columns, marks);
}

function captionRows(state: LiveState, context: ScreenContext, height: number): Line[] {
	const content = contentOf(state);
	const {rows, nEmptyAbove} = viewport(content, settingOf(state), height, state.anchor);
	const lines = [...Array.from({length: nEmptyAbove}, (): Line => []), ...rows];
	while (lines.length < height) lines.push([]);
	if (content.items.length === 0 && !content.open)
		lines.splice(Math.floor(height / 2), 1, [span(emptyWords(state, context), 'event')]);
	if (state.anchor || state.viewed) lines.splice(height - 1, 1, [span(backWords(state, context), 'warning')]);
	return lines.slice(0, height);
}

/** Following has stopped: how many lines are new, and how to come back. */
function backWords({nNewLines, marks, viewed}: LiveState, {keymap}: ScreenContext): string {
	if (viewed) {
		const back = keyLabel(keymap.keys('captions', 'back')[0]!, marks.more !== '…');
		return ` an earlier session${marks.separator}${back} goes back to the one that is on `;
	}
	const lines = nNewLines === 0 ? 'nothing new' : nNewLines === 1 ? '1 new line' : `${nNewLines} new lines`;
	const end = keyLabel(keymap.keys('captions', 'end')[0]!, marks.more !== '…');
	return ` reading back${marks.separator}${lines}${marks.separator}${end} follows again `;
}

function emptyWords({connection, status}: LiveState, {keymap}: ScreenContext): string {
	if (connection !== 'on') return '';
	switch (status?.state) {
		case 'recording':
			return 'This is being recorded. Captions come as people speak.';
		case 'starting':
			return 'Microphone and model are opened.';
		case 'paused':
			return 'Paused: nothing is recorded.';
		case 'stopping':
			return 'What was recorded is captioned to its end.';
		default:
			return `Nothing is recorded. ${keyLabel(keymap.keys('captions', 'record')[0]!)} starts.`;
	}
}

function helpRows(state: LiveState, {keymap}: ScreenContext, height: number): Line[] {
	const lines = helpLines(state, keymap);
	const top = Math.max(0, Math.min(state.helpRow, lines.length - height));
	return lines.slice(top, top + height);
}

function warningLines(state: LiveState, {advice}: ScreenContext): Line[] {
	const {columns} = state.screen;
	const most = mostWarningRows(state);
	const shown = warnings(state, advice).slice(0, most);
	// Each has a row; what is left goes to those that are longer, the most urgent first.
	let nLeft = most - shown.length;
	return shown.flatMap(({text}) => {
		const wrapped = wrapText(text, Math.max(2, columns - 2));
		const nRows = 1 + Math.min(nLeft, wrapped.length - 1);
		nLeft -= nRows - 1;
		const lines = [...wrapped.slice(0, nRows - 1), wrapped.slice(nRows - 1).join(' ')];
		return lines.map(line =>
			padLine(cutLine([span(` ${line}`, 'warning')], columns, state.marks.more), columns, 'warning'),
		);
	});
}

const isAsking = (state: LiveState) => !['captions', 'help', 'sessions', 'hits'].includes(state.mode);

/** What is asked, else what is being done or was done; none as a rule. */
function panelLines(state: LiveState, {keymap}: ScreenContext, height: number): Line[] {
	if (isAsking(state)) return dialogueLines(state, keymap).slice(-height);
	const said = state.busy === undefined ? state.message : `${state.busy}${state.marks.more}`;
	if (said === undefined) return [];
	const most = Math.min(height, 3);
	const lines = wrapText(said, Math.max(2, state.screen.columns));
	const shown = lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join(' ')] : lines;
	return shown.map((line): Line => [span(line, 'dialogue')]);
}
