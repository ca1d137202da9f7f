import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {runningCapture} from '../capture/capture-record.js';
import {stateFolder} from '../system/folders.js';
import {spawnDetached} from '../system/spawn-detached.js';
import {RecorderError} from './recorder-error.js';
import {type RecorderRecord, runningRecorder} from './recorder-record.js';

/** What the recorder's process writes by itself, and the sentence with which it ended. Never a word that was said. */
export const recorderLogFile: string = path.join(stateFolder, 'recorder.log');

/** A Pi with a slow card reads Node and this program in some seconds. */
const startTimeoutMs = 30_000;
const lookEveryMs = 25;
/** So long a capture whose recorder has died may take to start the next one by itself. */
const captureStartsWithinMs = 3000;

/** What starts a recorder: the program and its arguments. */
export const recorderCommand = (): string[] => [
	process.execPath,
	// Samples live outside the heap of V8 and are freed with their small handles: a small nursery frees them soon.
	'--max-semi-space-size=2',
	fileURLToPath(new URL('../cli/recorder-process.js', import.meta.url)),
];

/**
 * Starts a recorder in a session of its own and waits until it can be asked. Where a capture records, the one that it starts is waited for: that one is where it belongs, in the
 * service, say, and not at the end of an SSH line. Where another one is started at the same moment, one of them stays, and that one is returned.
 * Throws `RecorderError` with what it said when it could not start.
 */
export async function startRecorder(): Promise<RecorderRecord> {
	const captureDeadline = performance.now() + captureStartsWithinMs;
	while (performance.now() < captureDeadline && (await runningCapture())) {
		const record = await runningRecorder();
		if (record) return record;
		await setTimeout(lookEveryMs);
	}
	const {ended, lastWords} = await spawnDetached(recorderCommand(), recorderLogFile);
	let hasEnded = false;
	void ended.then(() => {
		hasEnded = true;
	});
	const deadline = performance.now() + startTimeoutMs;
	while (performance.now() < deadline) {
		const wasOver = hasEnded;
		const record = await runningRecorder();
		if (record) return record;
		if (wasOver) {
			const reason = lastWords() ?? `it said nothing in ${recorderLogFile}.`;
			throw new RecorderError('failed', `The recorder could not start: ${reason}`);
		}
		await setTimeout(lookEveryMs);
	}
	throw new RecorderError(
		'failed',
		`The recorder did not start within ${startTimeoutMs / 1000} s: ${recorderLogFile} may say why.`,
	);
}
