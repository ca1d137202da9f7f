import path from 'node:path';
import type {RecorderClient} from '../../recorder/recorder-client.js';
import {sessionFiles} from '../../session/session-record.js';
import {createGaugeReader, type Gauges} from '../../system/gauges.js';
import {isUtf8Locale, type Screen} from '../screen.js';
import {enterAlternateScreen} from './alternate-screen.js';
import {createKeymap} from './keymap.js';
import {createLiveViewer, type LiveEnd} from './live-viewer.js';
import type {Look} from './look.js';
import {screenMarks} from './marks.js';

/** What the live screen needs from the command that shows it. */
export type ShowLiveOptions = Pick<Screen, 'stdout' | 'env'> & {
	stdin: NodeJS.ReadStream;
	/** Aborted when the process is to end: the screen is left, recording goes on. */
	signal: AbortSignal;
	/** Has `action` run, synchronously, should the process end before the returned function is called. */
	atExit(action: () => void): () => void;
	look: Look;
	/** Other keys, from the settings. */
	keys?: Readonly<Record<string, string>>;
	hasBell?: boolean;
	/** How to get a better model than the one that comes along: the command and its size. */
	advice?: string;
	/** Where sessions are. */
	sessionsFolder: string;
	/** Keeps a look that the user chose. */
	saveLook(look: Look): void;
};

/**
 * Time between two redraws. For captions, five a second: more is restless to read and costs a Pi and its SSH line for nothing. Answers to keys are seen sooner, and gauges
 * wait for what comes with them.
 */
const spacingMs = {key: 50, news: 200, gauges: 1000};

/** Whether the terminal can show the live screen: else captions come as plain lines. */
export function canShowLive({stdout, env}: Pick<Screen, 'stdout' | 'env'>, stdin: {isTTY?: boolean}): boolean {
	const isReader = !['', '0', 'false', undefined].includes(env.INK_SCREEN_READER);
	return stdout.isTTY === true && stdin.isTTY === true && env.TERM !== 'dumb' && !isReader;
}

/**
 * Shows the live screen until the user leaves it, and returns how. The terminal is as it was before on every way out: also when this throws, and when the process
 * ends by an exception or a signal.
 */
export async function showLive(client: RecorderClient, options: ShowLiveOptions): Promise<LiveEnd> {
	// React checks far less, and takes half the time, when it is told that nobody develops; it reads this when it is loaded.
	process.env.NODE_ENV ??= 'production';
	const {openInkScreen} = await import('./ink-screen.js');
	const {stdout, stdin, env, signal} = options;
	const {keymap, problems} = createKeymap(options.keys);
	const context = {keymap, advice: options.advice};
	const size = () => ({columns: Math.max(1, stdout.columns || 80), rows: Math.max(1, stdout.rows || 24)});
	const readGauges = guarded(createGaugeReader({pids: () => programPids(viewer.state)}));

	const viewer = createLiveViewer({
		client,
		keymap,
		look: options.look,
		marks: screenMarks(isUtf8Locale(env)),
		screen: size(),
		advice: options.advice,
		sessionsFolder: options.sessionsFolder,
		services: {
			saveLook: options.saveLook,
			readGauges,
			ring: () => options.hasBell && stdout.write('\x07'),
			repaint,
		},
	});

	const restore = enterAlternateScreen(stdout, stdin);
	const forget = options.atExit(restore);
	const screen = openInkScreen(
		{
			stdin,
			context,
			hasColour: (env.NO_COLOR ?? '') === '',
			terminal: stdout,
			onKeys: viewer.pressAll,
		},
		viewer.state,
	);
	const redraw = throttled(() => screen.draw(viewer.state));
	const unsubscribe = viewer.subscribe(why => redraw.soon(spacingMs[why]));

	function repaint(): void {
		screen.forget();
		redraw.soon(0);
	}
	const resized = () => {
		const {columns, rows} = size();
		screen.forget();
		viewer.resize(columns, rows);
		redraw.soon(0);
	};
	stdout.on('resize', resized);
	process.on('SIGCONT', repaint);
	signal.addEventListener('abort', viewer.leave);
	if (signal.aborted) viewer.leave();
	for (const problem of problems) viewer.say(problem);

	try {
		return await Promise.race([viewer.ended, screen.failed]);
	} finally {
		signal.removeEventListener('abort', viewer.leave);
		process.off('SIGCONT', repaint);
		stdout.off('resize', resized);
		unsubscribe();
		redraw.stop();
		viewer.leave();
		screen.close();
		restore();
		forget();
	}
}

/** What to print behind the screen: where the transcript is, and whether recording goes on. */
export function endSentences({folder, isRecording, message}: LiveEnd): string[] {
	if (folder === undefined) return message === undefined ? [] : [message];
	const transcript = path.join(folder, sessionFiles.transcript);
	if (isRecording) return ['Recording goes on: `pi-caption` shows it again, `pi-caption stop` ends it.', folder];
	// What the recorder says of a stop names the transcript as a rule.
	return message?.includes(transcript) ? [message] : [...(message === undefined ? [] : [message]), transcript];
}

/** Recorder, capture and this viewer. */
function programPids({status}: {status?: {recorderPid: number; session?: {capturePid?: number}}}): number[] {
	const pids = [status?.recorderPid, status?.session?.capturePid, process.pid];
	return pids.filter(pid => pid !== undefined);
}

/** Gauges are left out where /proc is not as it should be: captions matter more. */
function guarded(read: () => Gauges): () => Gauges | undefined {
	return () => {
		try {
			return read();
		} catch {
			return undefined;
		}
	};
}

/** Has `draw` run at most once in the time that is asked for, and at last after the last wish. */
function throttled(draw: () => void) {
	let timer: NodeJS.Timeout | undefined;
	let dueMs = 0;
	let drawnMs = Number.NEGATIVE_INFINITY;
	const now = () => performance.now();
	return {
		soon(spacingMs: number): void {
			const wantedMs = Math.max(now(), drawnMs + spacingMs);
			if (timer && dueMs <= wantedMs) return;
			clearTimeout(timer);
			dueMs = wantedMs;
			timer = setTimeout(
				() => {
					timer = undefined;
					drawnMs = now();
					draw();
				},
				Math.max(0, wantedMs - now()),
			);
		},
		stop: () => clearTimeout(timer),
	};
}
