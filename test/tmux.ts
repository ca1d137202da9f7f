import {execFileSync} from 'node:child_process';
import type {TestContext} from 'node:test';
import {setTimeout} from 'node:timers/promises';

/** A terminal in tmux. */
export type Terminal = {
	/** What it shows, scrollback included, without colours. */
	screen(): string;
	/** What it shows now, without scrollback. */
	visible(): string;
	/** What it shows now, with its colours as escape sequences. */
	coloured(): string;
	isCursorShown(): boolean;
	/** Whether the alternate screen is on. */
	isAlternate(): boolean;
	/** Presses a key as tmux names it: `q`, `C-c`, `Enter`. */
	press(...keys: string[]): void;
	/** Types text as it stands. */
	type(text: string): void;
	resize(columns: number, rows: number): void;
	/** Resolves with the screen once it holds `pattern`; with `visibleOnly`, scrollback does not count. */
	shows(pattern: RegExp, options?: {visibleOnly?: boolean; seconds?: number}): Promise<string>;
};

type TerminalOptions = {columns?: number; rows?: number; environment?: string};

/** A terminal in tmux that runs a line of shell, then says `ended with CODE`. */
export function terminal(
	t: TestContext,
	line: string,
	{columns = 60, rows = 20, environment = 'LANG=C.UTF-8'}: TerminalOptions = {},
): Terminal {
	const server = `pi-caption-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
	const tmux = (...args: string[]) =>
		execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], {
			encoding: 'utf8',
			env: {...process.env, LANG: 'C.UTF-8'},
		});
	const size = ['-x', String(columns), '-y', String(rows)];
	tmux('new-session', '-d', ...size, `${environment} sh -c 'trap : INT; ${line}; echo "ended with $?"; exec cat'`);
	t.after(() => tmux('kill-server'));
	const screen = () => tmux('capture-pane', '-p', '-S', '-').trimEnd();
	const visible = () => tmux('capture-pane', '-p').trimEnd();
	const shown = (format: string) => tmux('display-message', '-p', format).trim() === '1';
	return {
		screen,
		visible,
		coloured: () => tmux('capture-pane', '-p', '-e'),
		isCursorShown: () => shown('#{cursor_flag}'),
		isAlternate: () => shown('#{alternate_on}'),
		press: (...keys) => tmux('send-keys', ...keys),
		type: text => tmux('send-keys', '-l', text),
		resize: (columns, rows) => tmux('resize-window', '-x', String(columns), '-y', String(rows)),
		async shows(pattern, {visibleOnly = false, seconds = 60} = {}) {
			for (let n = 0; n < seconds * 20; n++) {
				const text = visibleOnly ? visible() : screen();
				if (pattern.test(text)) return text;
				await setTimeout(50);
			}
			throw new Error(`${pattern} was not shown:\n${screen()}`);
		},
	};
}
