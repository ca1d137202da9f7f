import {EventEmitter} from 'node:events';
import {render, useInput} from 'ink';
import {keyPresses} from './key-name.js';
import type {KeyName} from './keymap.js';
import {LiveScreen} from './LiveScreen.js';
import type {LiveState} from './live-state.js';
import type {ScreenContext} from './screen-lines.js';

/** What an Ink screen needs. `onFrame` gets each frame as text with styles, rows separated by line feeds. */
export type InkScreenOptions = {
	stdin: NodeJS.ReadStream;
	context: ScreenContext;
	hasColour: boolean;
	onFrame(frame: string): void;
	onKey(key: KeyName, text: string): void;
};

/** The live screen as Ink renders it. */
export type InkScreen = {
	draw(state: LiveState): void;
	/** Rejects when something in the screen throws. */
	readonly failed: Promise<never>;
	close(): void;
};

/**
 * Renders with Ink into frames, which a painter brings to the terminal: Ink itself moves relative to the frame before, which a resized terminal breaks, and wipes
 * the scrollback when a frame is as high as the terminal. Ink's `debug` gives every frame whole.
 */
export function openInkScreen(options: InkScreenOptions, first: LiveState): InkScreen {
	const sink = new FrameSink(frame => options.onFrame(frame));
	const screen = (state: LiveState) => {
		sink.columns = state.screen.columns;
		return (
			<>
				<Keys onKey={options.onKey} />
				<LiveScreen state={state} context={options.context} hasColour={options.hasColour} />
			</>
		);
	};
	const ink = render(screen(first), {
		stdout: sink as unknown as NodeJS.WriteStream,
		stdin: options.stdin,
		debug: true,
		exitOnCtrlC: false,
		patchConsole: false,
		isScreenReaderEnabled: false,
	});
	return {
		draw: state => ink.rerender(screen(state)),
		failed: new Promise((_, reject) => ink.waitUntilExit().catch(reject)),
		close() {
			sink.isClosed = true;
			ink.unmount();
		},
	};
}

function Keys({onKey}: Pick<InkScreenOptions, 'onKey'>) {
	useInput((input, key) => {
		for (const press of keyPresses(input, key)) onKey(press.key, press.text);
	});
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
