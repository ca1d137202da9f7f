import {createLogUpdate} from 'log-update';
import {safeLine} from '../session/safe-text.js';
import {textWidth, wrapText} from '../session/wrap-text.js';
import {type Progress, progressText} from './progress-text.js';
import {type Screen, type ScreenStream, screenAbilities} from './screen.js';

/**
 * Captions as they come, on standard output and standard error. On a terminal the last lines are live: the open line, and under it the progress;
 * whatever is final scrolls away above them. Into a pipe goes final text alone.
 */
export type CaptionView = {
	/** Final text, whole lines, already safe. Rejects when standard output does not take it. On a terminal it is shown at the next redraw. */
	write(text: string): Promise<void>;
	/** Replaces the open line; an empty text takes it away. Untrusted. */
	open(text: string): void;
	/** Replaces the progress line, or takes it away. */
	progress(progress: Progress | undefined): void;
	/** A sentence on standard error. Untrusted. */
	message(sentence: string): void;
	/** Shows what is still waiting and takes the live lines away; safe more than once, and the view may be used again. Writes synchronously to terminals. */
	close(): void;
};

/** `wraps`: final text is prose, which terminals get in lines of readable width. `now`: milliseconds of any steady clock. */
export type CaptionViewOptions = {wraps?: boolean; now?: () => number};

/** Longer lines are hard to read, however wide the terminal is. */
const readableColumns = 80;
/** Five redraws a second: more is restless to read and costs a Pi and its SSH line for nothing. */
const redrawMs = 200;
const plainProgressMs = 30_000;

/** A view of `screen`. */
export function createCaptionView(
	screen: Screen,
	{wraps = true, now = steadyNow}: CaptionViewOptions = {},
): CaptionView {
	const {stdout, stderr} = screen;
	const {live, showsOpenLine, showsProgress, showsPlainProgress, marks} = screenAbilities(screen);
	// The cursor is never hidden, so no way out of the program has to bring it back.
	const region = live && createLogUpdate(live, {showCursor: true});

	let openText = '';
	let progressLine = '';
	let waiting: {stream: ScreenStream; text: string}[] = [];
	let isDrawn = false;
	let isDirty = false;
	let redrawTimer: NodeJS.Timeout | undefined;
	let plainProgressAt = now();

	const columns = () => (live ?? stdout).columns || readableColumns;
	/** Open and final captions are cut at the same words, so that a line keeps its rows when it becomes final. */
	const textColumns = () =>
		Math.max(2, Math.min(columns(), readableColumns) - textWidth(marks.open) - textWidth(marks.more));

	function openLines(): string[] {
		if (openText === '') return [];
		const lines = wrapText(openText, textColumns());
		// A region as high as the terminal could not be redrawn: the newest rows stay.
		const shown = lines.slice(-Math.max(1, (live?.rows || 24) - 3));
		return shown.map(
			(line, i) =>
				(i === 0 ? marks.open : ' '.repeat(textWidth(marks.open))) + line + (i === shown.length - 1 ? marks.more : ''),
		);
	}

	function draw(): void {
		if (!region) return;
		isDirty = false;
		if (waiting.length > 0) {
			clear();
			for (const {stream, text} of waiting) stream.write(text);
			waiting = [];
		}
		const lines = [...openLines(), ...(progressLine === '' ? [] : [cut(progressLine, columns() - 1)])];
		if (lines.length === 0) {
			clear();
		} else {
			region(lines.join('\n'));
			isDrawn = true;
		}
	}

	function clear(): void {
		if (isDrawn) region?.clear();
		isDrawn = false;
	}

	/** Draws at once when the last redraw is long enough ago, else when it will be. */
	function drawSoon(): void {
		isDirty = true;
		if (redrawTimer) return;
		draw();
		redrawTimer = setTimeout(() => {
			redrawTimer = undefined;
			if (isDirty) drawSoon();
		}, redrawMs);
	}

	return {
		async write(text) {
			const shown = wraps && stdout.isTTY ? wrapLines(text, textColumns()) : text;
			if (region && stdout.isTTY) {
				waiting.push({stream: stdout, text: shown});
				drawSoon();
			} else {
				await written(stdout, shown);
			}
		},
		open(text) {
			if (!showsOpenLine) return;
			openText = safeLine(text);
			drawSoon();
		},
		progress(progress) {
			if (showsProgress) {
				progressLine = progress ? progressText(progress) : '';
				drawSoon();
			} else if (showsPlainProgress && progress && now() - plainProgressAt >= plainProgressMs) {
				plainProgressAt = now();
				stderr.write(`${progressText(progress)}\n`);
			}
		},
		message(sentence) {
			const text = `${safeLine(sentence)}\n`;
			if (!region || !stderr.isTTY) {
				stderr.write(text);
			} else {
				waiting.push({stream: stderr, text});
				drawSoon();
			}
		},
		close() {
			clearTimeout(redrawTimer);
			redrawTimer = undefined;
			openText = '';
			progressLine = '';
			draw();
		},
	};
}

const steadyNow = () => performance.now();

const written = (stream: ScreenStream, text: string) =>
	new Promise<void>((resolve, reject) => {
		stream.write(text, error => (error ? reject(error) : resolve()));
	});

const wrapLines = (text: string, width: number) =>
	text
		.split('\n')
		.map(line => wrapText(line, width).join('\n'))
		.join('\n');

function cut(text: string, width: number): string {
	if (textWidth(text) <= width) return text;
	let short = text.slice(0, Math.max(0, width));
	while (short !== '' && textWidth(short) > width) short = short.slice(0, -1);
	return short;
}
