import {AudioError} from '../audio-error.js';

/** A driver that does not let go of its device for so long has hung; only a new process can open it again. */
const longestWaitMs = 10_000;

let last: Promise<unknown> = Promise.resolve();

/**
 * Does `work` when what was begun before has ended: PortAudio's functions, reads aside, must not run at the same time on two threads. Throws `AudioError` where something before it
 * does not end; the work is not begun then.
 */
export function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
	const before = last;
	let isGivenUp = false;
	const done = before.then(() => (isGivenUp ? undefined : work())) as Promise<Result>;
	last = done.catch(() => {});
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => {
			isGivenUp = true;
			reject(new AudioError('device-refused', 'The microphone that was open before does not close: its driver hangs.'));
		}, longestWaitMs);
		void before.then(() => clearTimeout(timer));
		done.then(resolve, reject);
	});
}
