import type {Key} from 'ink';
import type {KeyName} from './keymap.js';

const named = [
	['return', 'return'],
	['escape', 'escape'],
	['tab', 'tab'],
	['pageUp', 'pageup'],
	['pageDown', 'pagedown'],
	['home', 'home'],
	['end', 'end'],
	['upArrow', 'up'],
	['downArrow', 'down'],
	['leftArrow', 'left'],
	['rightArrow', 'right'],
	['backspace', 'backspace'],
	// Most terminals send DEL for the backspace key, which Ink calls delete.
	['delete', 'backspace'],
] as const satisfies readonly (readonly [keyof Key, KeyName])[];

/** A key press: what the keymap calls it, and the text that it stands for. */
export type KeyPress = {key: KeyName; text: string};

/**
 * The key presses of what Ink heard at once. A slow line brings several keys in one piece, and so does a paste: each character is a press of its own, and a line's end is
 * the Enter key.
 */
export function keyPresses(input: string, key: Key): KeyPress[] {
	for (const [property, name] of named) if (key[property]) return [{key: name, text: ''}];
	if (key.ctrl) return input.length === 1 ? [{key: `ctrl+${input}`, text: ''}] : [];
	// A key of a terminal that Ink does not know.
	if (/^[[O][\d;?<]*[ -/]*[@-~]$/.test(input)) return [];
	const presses = [...input].flatMap(character => characterPress(character) ?? []);
	// Escape and the next key in one piece look like a key with Alt, which nothing here is bound to.
	return key.meta ? [{key: 'escape', text: ''}, ...presses] : presses;
}

/** So many different characters in one piece nobody typed: it is a paste, which is text and never commands. */
const fewestPasted = 4;

/** Whether presses that came in one piece are a paste. A key that is held comes in pieces too, on a slow line. */
export const isPaste = (presses: readonly KeyPress[]): boolean =>
	presses.length >= fewestPasted && presses.some(({key}) => key !== presses[0]!.key);

function characterPress(character: string): KeyPress | undefined {
	const code = character.codePointAt(0)!;
	if (character === '\r' || character === '\n') return {key: 'return', text: ''};
	if (character === '\t') return {key: 'tab', text: ''};
	if (code === 0x7f || code === 0x08) return {key: 'backspace', text: ''};
	if (code < 0x1b) return {key: `ctrl+${String.fromCharCode(code + 0x60)}`, text: ''};
	if (code < 0x20) return undefined;
	return {key: character === ' ' ? 'space' : character, text: character};
}
