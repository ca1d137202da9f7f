import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

/** What one run of a command took: wall times from its start and the peak of its resident memory. */
export type Measured = {
	exitCode: number | null;
	wallMs: number;
	/** Until the first line of standard output for which `isAwaited` holds; undefined if none came. */
	firstMs: number | undefined;
	peakMb: number;
	lines: string[];
};

/** Runs `command` and measures it from outside. Memory is the kernel's own high-water mark, read while the process lives. */
export async function measureCommand(
	command: readonly string[],
	isAwaited: (line: string) => boolean = () => true,
): Promise<Measured> {
	const start = performance.now();
	const child = spawn(command[0]!, command.slice(1), {stdio: ['ignore', 'pipe', 'inherit']});
	let peakMb = 0;
	const poll = setInterval(() => {
		peakMb = Math.max(peakMb, readPeakMb(child.pid!));
	}, 20);
	const lines: string[] = [];
	let firstMs: number | undefined;
	const ended = new Promise<number | null>(resolve => child.on('close', resolve));
	for await (const line of createInterface({input: child.stdout})) {
		lines.push(line);
		if (firstMs === undefined && isAwaited(line)) firstMs = performance.now() - start;
	}
	const exitCode = await ended;
	clearInterval(poll);
	return {exitCode, wallMs: performance.now() - start, firstMs, peakMb, lines};
}

function readPeakMb(pid: number): number {
	try {
		return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
	} catch {
		// It ended between two readings.
		return 0;
	}
}
