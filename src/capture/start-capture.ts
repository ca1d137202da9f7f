import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import type {GapReason} from '../session/journal-entry.js';
import {stateFolder} from '../system/folders.js';
import {spawnDetached} from '../system/spawn-detached.js';
import {CaptureError} from './capture-error.js';
import {type CaptureRecord, runningCapture} from './capture-record.js';

/** What capture's process and native audio code write by themselves, at most 1 MB. Never a word that was said. */
export const captureLogFile: string = path.join(stateFolder, 'capture.log');

/** What to capture, as the command line of its process says it. */
export type StartCaptureOptions = {
	/** Folder of the session, absolute. */
	sessionFolder: string;
	/** Microphone by name or number, or `file:…`. @default the system's */
	device?: string | undefined;
	/** @default 'mix' */
	channel?: number | 'mix' | undefined;
	/** The tape forgets what is older than a minute. @default false */
	isOffRecord?: boolean;
	/** The device stays closed until `resume`. @default false */
	isPaused?: boolean;
	/** Why a tape that is there already has no samples since it broke off. @default 'capture' */
	why?: GapReason;
	/** Wall clock at which it broke off, in milliseconds since 1970. @default when it was written last */
	sinceWallMs?: number | undefined;
	/** @default 6 */
	maxHours?: number;
	/** @default 500 */
	minFreeMb?: number;
	/** What starts a recorder when none speaks to capture: program and arguments. @default this program's */
	recorderCommand?: readonly string[] | undefined;
};

/** A Pi with a slow card reads Node and this program in some seconds. */
const startTimeoutMs = 30_000;
const lookEveryMs = 20;

/** What starts a capture: the program and its arguments. */
export function captureCommand(options: StartCaptureOptions): string[] {
	const {device, channel, why, sinceWallMs, maxHours, minFreeMb, recorderCommand} = options;
	const values = {
		session: options.sessionFolder,
		device,
		channel,
		why,
		since: sinceWallMs,
		'max-hours': maxHours,
		'min-free-mb': minFreeMb,
		recorder: recorderCommand && JSON.stringify(recorderCommand),
	};
	return [
		process.execPath,
		// Samples live outside the heap of V8 and are freed with their small handles: a small nursery frees them soon.
		'--max-semi-space-size=1',
		fileURLToPath(new URL('../cli/capture-process.js', import.meta.url)),
		...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
		...(options.isOffRecord ? ['--off-record'] : []),
		...(options.isPaused ? ['--paused'] : []),
	];
}

/**
 * Starts a capture in a session of its own and waits until it can be spoken to. Throws `CaptureError` with what it said when it could not start, `running` where another one runs.
 */
export async function startCapture(options: StartCaptureOptions): Promise<CaptureRecord> {
	const {child, ended, lastWords} = await spawnDetached(captureCommand(options), captureLogFile);
	let hasEnded = false;
	void ended.then(() => {
		hasEnded = true;
	});
	const deadline = performance.now() + startTimeoutMs;
	while (performance.now() < deadline) {
		const wasOver = hasEnded;
		const record = await runningCapture();
		if (record && record.process.pid === child.pid) return record;
		if (wasOver) {
			const reason = lastWords() ?? `it said nothing in ${captureLogFile}.`;
			throw new CaptureError(record ? 'running' : 'failed', `The microphone could not be recorded: ${reason}`);
		}
		await setTimeout(lookEveryMs);
	}
	throw new CaptureError(
		'failed',
		`Capture did not start within ${startTimeoutMs / 1000} s: ${captureLogFile} may say why.`,
	);
}
