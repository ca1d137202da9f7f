import type {TextProps} from 'ink';
import type {Settings} from '../../system/settings.js';

/** What a piece of a line is; a theme says how that looks. No information rests on it. */
export type Role =
	| 'text'
	| 'open'
	| 'margin'
	| 'event'
	| 'state'
	| 'behind'
	| 'label'
	| 'key'
	| 'warning'
	| 'match'
	| 'dialogue';

type Style = Pick<TextProps, 'bold' | 'dimColor' | 'inverse' | 'color' | 'underline'>;
type Theme = Partial<Record<Role, Style>>;

const strong: Style = {bold: true};
const full: Style = {bold: true, inverse: true};

/** Themes by name, in the order that the key goes through. */
export const themes = {
	plain: {state: strong, behind: strong, key: strong, warning: full, match: {inverse: true}, dialogue: strong},
	colour: {
		state: {bold: true, color: 'green'},
		behind: {bold: true, color: 'red'},
		margin: {color: 'cyan'},
		event: {color: 'yellow'},
		key: {bold: true, color: 'cyan'},
		warning: full,
		match: {inverse: true},
		dialogue: strong,
	},
	dim: {
		state: strong,
		behind: strong,
		open: {dimColor: true},
		margin: {dimColor: true},
		event: {dimColor: true},
		label: {dimColor: true},
		key: strong,
		warning: full,
		match: {inverse: true},
		dialogue: strong,
	},
	bold: {text: strong, open: strong, state: strong, behind: strong, key: strong, warning: full, match: {inverse: true}},
} as const satisfies Record<Settings['theme'], Theme>;

/** Name of a theme. */
export type ThemeName = keyof typeof themes;
/** Names of the themes, in order. */
export const themeNames = Object.keys(themes) as ThemeName[];

/** How captions are set. `columns`: longest line. `isSpaced`: an empty row after each caption. */
export const textSizes = {
	normal: {columns: 80, isSpaced: false},
	spaced: {columns: 80, isSpaced: true},
	narrow: {columns: 52, isSpaced: true},
	wide: {columns: 160, isSpaced: false},
} as const satisfies Record<Settings['textSize'], {columns: number; isSpaced: boolean}>;

/** Name of a text size. */
export type TextSizeName = keyof typeof textSizes;
/** Names of the text sizes, in order. */
export const textSizeNames = Object.keys(textSizes) as TextSizeName[];

/** The look that the settings keep. */
export type Look = {theme: ThemeName; textSize: TextSizeName};

/** How `role` looks in a theme; without colour where `hasColour` is false (`NO_COLOR`). */
export function styleOf(role: Role, theme: ThemeName, hasColour: boolean): Style {
	const style: Style = (themes[theme] as Theme)[role] ?? {};
	return hasColour ? style : {...style, color: undefined};
}
