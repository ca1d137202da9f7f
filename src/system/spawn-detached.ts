import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import path from 'node:path';
import {makePrivateFolder} from './private-socket.js';

/** A process that lives on without its parent. */
export type DetachedProcess = {
	child: ChildProcess;
	/** Resolves when it has ended or could not be started. */
	ended: Promise<void>;
	/** The last line that it wrote into its log, undefined while there is none. */
	lastWords(): string | undefined;
};

/** More of a log is not looked at for its last line. */
const lookBackBytes = 65_536;

/**
 * Starts `command` in a session of its own (`setsid`), so that a hang-up of this terminal changes nothing for it, in the folder `/`. What it prints is appended to
 * `logFile` (0600) and never goes into a pipe: whoever starts it may be gone tomorrow.
 */
export async function spawnDetached(command: readonly string[], logFile: string): Promise<DetachedProcess> {
	await makePrivateFolder(path.dirname(logFile));
	const [program, ...args] = command;
	const log = openSync(logFile, 'a', 0o600);
	const logStart = fstatSync(log).size;
	try {
		const child = spawn(program!, args, {detached: true, stdio: ['ignore', log, log], cwd: '/'});
		const ended = new Promise<void>(resolve => {
			child.on('error', () => resolve());
			child.on('exit', () => resolve());
		});
		child.unref();
		return {child, ended, lastWords: () => lastLine(logFile, logStart)};
	} finally {
		closeSync(log);
	}
}

function lastLine(file: string, start: number): string | undefined {
	const log = openSync(file, 'r');
	try {
		const {size} = fstatSync(log);
		const from = Math.max(start, size - lookBackBytes);
		const bytes = Buffer.alloc(Math.max(0, size - from));
		readSync(log, bytes, 0, bytes.length, from);
		return bytes.toString('utf8').trim().split('\n').at(-1) || undefined;
	} finally {
		closeSync(log);
	}
}
