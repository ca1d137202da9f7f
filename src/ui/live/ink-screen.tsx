import {EventEmitter} from 'node:events';
import {render, useInput} from 'ink';
import {type KeyPress, keyPresses} from './key-name.js';
import {LiveScreen} from './LiveScreen.js';
import {isSameLine, type Line} from './line.js';
import type {LiveState} from './live-state.js';
import {createPainter, type PaintTarget} from './painter.js';
import {type ScreenContext, screenLines} from './screen-lines.js';

/** What an Ink screen needs. `terminal`: where it is painted. */
export type InkScreenOptions = {
	stdin: NodeJS.ReadStream;
	terminal: PaintTarget;
	context: ScreenContext;
	hasColour: boolean;
	/** Keys that came in one piece. */
	onKeys(presses: readonly KeyPress[]): void;
};

/** The live screen as Ink renders it. */
export type InkScreen = {
	draw(state: LiveState): void;
	/** The terminal shows something else now: the next drawing is whole. */
	forget(): void;
	/** Rejects when something in the screen throws. */
	readonly failed: Promise<never>;
	close(): void;
};

/**
 * Renders with Ink into frames, which a painter brings to the terminal: Ink itself moves relative to the frame before, which a resized terminal breaks, and wipes
 * the scrollback when a frame is as high as the terminal. Ink's `debug` gives every frame whole. Ink takes each frame apart character by character, three quarters of a viewer's
 * time when captions come: so rows that did not change are not given to it.
 */
export function openInkScreen(options: InkScreenOptions, first: LiveState): InkScreen {
	const {stdin, terminal, context, hasColour, onKeys} = options;
	const painter = createPainter(terminal);
	let shown: {rows: readonly Line[]; theme: string} | undefined;
	let kept: readonly boolean[] = [];
	const isKept = (row: number) => kept[row] === true;
	const sink = new FrameSink(frame => painter.paint(frame, isKept));

	const screen = (state: LiveState) => {
		const lines = screenLines(state, context);
		const rows = [...lines.header, ...lines.captions, ...lines.gauges, ...lines.keyBar];
		const {theme} = state.look;
		const before = shown?.theme === theme && shown.rows.length === rows.length ? shown.rows : undefined;
		kept = before ? rows.map((row, i) => isSameLine(row, before[i]!)) : [];
		shown = {rows, theme};
		sink.columns = state.screen.columns;
		return (
			<>
				<Keys onKeys={onKeys} />
				<LiveScreen lines={lines} columns={state.screen.columns} theme={theme} hasColour={hasColour} isKept={isKept} />
			</>
		);
	};
	const ink = render(screen(first), {
		stdout: sink as unknown as NodeJS.WriteStream,
		stdin,
		debug: true,
		exitOnCtrlC: false,
		patchConsole: false,
		isScreenReaderEnabled: false,
	});
	return {
		draw: state => ink.rerender(screen(state)),
		forget() {
			shown = undefined;
			painter.forget();
		},
		failed: new Promise((_, reject) => ink.waitUntilExit().catch(reject)),
		close() {
			sink.isClosed = true;
			ink.unmount();
		},
	};
}

function Keys({onKeys}: Pick<InkScreenOptions, 'onKeys'>) {
	useInput((input, key) => onKeys(keyPresses(input, key)));
	return null;
}

/** What Ink takes for a terminal. */
class FrameSink extends EventEmitter {
	columns = 80;
	readonly isTTY = false;
	readonly writable = true;
	isClosed = false;

	constructor(private readonly onFrame: (frame: string) => void) {
		super();
	}

	write(text: string): boolean {
		if (!this.isClosed) this.onFrame(text);
		return true;
	}
}
