import {spawn} from 'node:child_process';
import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {stateFolder} from '../system/folders.js';
import {makePrivateFolder} from '../system/private-socket.js';
import {RecorderError} from './recorder-error.js';
import {type RecorderRecord, runningRecorder} from './recorder-record.js';

/** What the recorder's process writes by itself, and the sentence with which it ended. Never a word that was said. */
export const recorderLogFile: string = path.join(stateFolder, 'recorder.log');

/** A Pi with a slow card reads Node and this program in some seconds. */
const startTimeoutMs = 30_000;
const lookEveryMs = 25;

/** What starts a recorder: the program and its arguments. */
export const recorderCommand = (): string[] => [
	process.execPath,
	// Samples live outside the heap of V8 and are freed with their small handles: a small nursery frees them soon.
	'--max-semi-space-size=2',
	fileURLToPath(new URL('../cli/recorder-process.js', import.meta.url)),
];

/**
 * Starts a recorder in a session of its own (`setsid`), so that a hang-up of this terminal changes nothing for it, and waits until it can be asked. Where another one
 * is started at the same moment, one of them stays, and that one is returned. Throws `RecorderError` with what it said when it could not start.
 */
export async function startRecorder(): Promise<RecorderRecord> {
	await makePrivateFolder(stateFolder);
	const [program, ...args] = recorderCommand();
	const log = openSync(recorderLogFile, 'a', 0o600);
	const logStart = fstatSync(log).size;
	let hasEnded = false;
	try {
		// A file and never a pipe: whoever starts it may be gone tomorrow.
		const child = spawn(program!, args, {detached: true, stdio: ['ignore', log, log], cwd: '/'});
		child.on('error', () => {
			hasEnded = true;
		});
		child.on('exit', () => {
			hasEnded = true;
		});
		child.unref();
	} finally {
		closeSync(log);
	}

	const deadline = performance.now() + startTimeoutMs;
	while (performance.now() < deadline) {
		const wasOver = hasEnded;
		const record = await runningRecorder();
		if (record) return record;
		if (wasOver) throw new RecorderError('failed', `The recorder could not start: ${lastWords(logStart)}`);
		await setTimeout(lookEveryMs);
	}
	throw new RecorderError(
		'failed',
		`The recorder did not start within ${startTimeoutMs / 1000} s: ${recorderLogFile} may say why.`,
	);
}

/** The last line that the recorder wrote into its log behind byte `start`. */
function lastWords(start: number): string {
	const log = openSync(recorderLogFile, 'r');
	try {
		const bytes = Buffer.alloc(Math.max(0, Math.min(fstatSync(log).size - start, 65_536)));
		readSync(log, bytes, 0, bytes.length, start);
		const last = bytes.toString('utf8').trim().split('\n').at(-1);
		return last ? last : `it said nothing in ${recorderLogFile}.`;
	} finally {
		closeSync(log);
	}
}
