/** What takes longer hangs: ALSA's PulseAudio plugin locks itself out for good when its server is killed. */
const longestTurnMs = 3000;

let last: Promise<unknown> = Promise.resolve();
let isStuck = false;

/**
 * Does `work` when what was begun before has ended: PortAudio's functions, reads aside, must not run at the same time on two threads. What hangs is
 * overtaken: its device is lost to this process, the others are not.
 */
export function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
	const before = last;
	const done = endOrHang(before).then(work);
	last = done.catch(() => {});
	return done;
}

async function endOrHang(before: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const hangs = new Promise<boolean>(resolve => {
		timer = setTimeout(resolve, longestTurnMs, true);
	});
	if (await Promise.race([before.then(() => false), hangs])) leaveStuckThread();
	clearTimeout(timer);
}

/** A thread of this process never comes back. Node waits for its threads when it exits; from now on it does not. */
export function leaveStuckThread(): void {
	if (isStuck) return;
	isStuck = true;
	process.once('exit', code => endNow?.(code));
}

/** The system's own end of a process, after everything else that Node does. */
let endNow: ((code: number) => void) | undefined;
void import('koffi').then(
	({default: koffi}) => {
		endNow = koffi.load('libc.so.6').func('void _exit(int)');
	},
	() => {},
);
