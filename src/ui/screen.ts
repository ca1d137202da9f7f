import type {Writable} from 'node:stream';

/** Standard output or standard error. */
export type ScreenStream = Writable & {isTTY?: boolean; columns?: number; rows?: number};

/** Where a view writes, and the environment that says how. */
export type Screen = {stdout: ScreenStream; stderr: ScreenStream; env: Record<string, string | undefined>};

/** What of a view can be shown on a screen, and where. */
export type ScreenAbilities = {
	/** The terminal whose last lines are redrawn in place, if any. Standard error where it is a terminal, so that no escape sequence is ever in the output. */
	live: ScreenStream | undefined;
	/** Whether the open line is shown: captions go to a terminal too. */
	showsOpenLine: boolean;
	showsProgress: boolean;
	/** On a terminal where nothing may be redrawn, progress is a plain line now and then. */
	showsPlainProgress: boolean;
	marks: {open: string; more: string};
};

/** Reads `screen` and its environment: `TERM=dumb` and `INK_SCREEN_READER` redraw nothing, a locale without UTF-8 gets ASCII marks. */
export function screenAbilities({stdout, stderr, env}: Screen): ScreenAbilities {
	const redrawsNothing = env.TERM === 'dumb' || isOn(env.INK_SCREEN_READER);
	const live = redrawsNothing ? undefined : [stderr, stdout].find(stream => stream.isTTY);
	return {
		live,
		showsOpenLine: live !== undefined && stdout.isTTY === true,
		showsProgress: live === stderr,
		showsPlainProgress: redrawsNothing && stderr.isTTY === true,
		marks: isUtf8Locale(env) ? {open: '› ', more: '…'} : {open: '> ', more: '...'},
	};
}

const isOn = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false'].includes(value);

/** Whether text may be more than ASCII. The first of the three that is set counts, as in every C library. */
export const isUtf8Locale = ({LC_ALL, LC_CTYPE, LANG}: Screen['env']): boolean =>
	/utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
