import {fork} from 'node:child_process';
import {on, once} from 'node:events';
import os from 'node:os';
import {fileURLToPath} from 'node:url';
import {AudioError} from '../audio-error.js';
import type {BackendName} from '../microphone.js';

/** To the process that measures. */
export type LevelTask = {device: string | undefined; channel: number | 'mix'; everyMs: number};
/** From the process that measures: `open` first. */
export type FromLevelProcess = LevelReport | {type: 'failed'; message: string};

/** The microphone that was opened, then how loud it is again and again. Its name is untrusted. */
export type LevelReport =
	| {type: 'open'; name: string; sampleRate: number; backend: BackendName | 'file'}
	| {type: 'level'; levelDb: number; peakDb: number; silentMs: number; overruns: number};

const program = fileURLToPath(new URL('./level-process.js', import.meta.url));

/**
 * Hears a microphone and tells its level `everyMs`, until `signal` aborts. In a process of its own: native code prints what it likes there, and nothing of what it hears comes out.
 * Throws `AudioError`.
 */
export async function* levelsApart(task: LevelTask, signal: AbortSignal): AsyncGenerator<LevelReport> {
	const child = fork(program, {stdio: ['ignore', 'ignore', 'ignore', 'ipc'], cwd: os.tmpdir(), execArgv: []});
	const over = new AbortController();
	const stop = () => over.abort();
	signal.addEventListener('abort', stop);
	if (signal.aborted) stop();
	let ended: string | undefined;
	const exited = once(child, 'exit').then(([code, by]) => {
		ended = `ended its process (${by ?? code})`;
		stop();
	});
	try {
		child.send(task, () => {});
		for await (const [message] of on(child, 'message', {signal: over.signal}) as AsyncIterable<[FromLevelProcess]>) {
			if (message.type === 'failed') throw new AudioError('device-refused', message.message);
			yield message;
		}
	} catch (error) {
		if ((error as Error).name !== 'AbortError') throw error;
		if (ended !== undefined && !signal.aborted)
			throw new AudioError('device-gone', `The microphone's library ${ended}.`);
	} finally {
		signal.removeEventListener('abort', stop);
		child.kill('SIGKILL');
		await exited;
	}
}
