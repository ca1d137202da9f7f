import {
	type MachineCounts,
	type ProcessCounts,
	readMachine,
	readProcess,
	readProcessMemory,
	readTemperature,
	ticksPerSecond,
} from './proc.js';
import {readThrottling, type Throttling} from './throttling.js';

/** How the machine does, and the program's processes on it. Bytes; rates since the reading before. */
export type Gauges = {
	memory: {usedBytes: number; totalBytes: number};
	swap: {usedBytes: number; totalBytes: number; changeBytesPerSecond: number};
	/** Share of all cores that is busy, [0, 1]. */
	cpuShare: number;
	program: {memoryBytes: number /** Cores that it keeps busy. */; cpuCores: number};
	/** Pages that the program waited for because they were not in memory. */
	majorFaultsPerSecond: number;
	/** What the disk gave the program. */
	readBackBytesPerSecond: number;
	/** Both have lasted: weights are dropped from memory and read again at every step (design §5). */
	isModelTooBig: boolean;
	temperatureC?: number;
	/** Undefined where no firmware reports it. */
	throttling?: Throttling;
};

/** `root`: the folder that /proc and /sys are in. `pids`: the program's processes now. `now`: milliseconds of a steady clock. */
export type GaugeOptions = {root?: string; pids: () => readonly number[]; now?: () => number};

/**
 * Whether a process waits for pages that were dropped and are read again, and not just now and then, as on any busy machine: many pages, or few with much read
 * around each, as the kernel does for weights that are read from front to back (measured: 15 faults and 118 MB a second for a model that was four times too slow).
 */
export const isPaging = (majorFaultsPerSecond: number, readBackBytesPerSecond: number): boolean =>
	(majorFaultsPerSecond >= manyFaultsPerSecond && readBackBytesPerSecond >= muchReadBackPerSecond) ||
	(majorFaultsPerSecond >= someFaultsPerSecond && readBackBytesPerSecond >= veryMuchReadBackPerSecond);

/** A model that is loaded faults too: only what lasts this long says that it does not fit. */
const lastingMs = 10_000;
/** Below these, a busy machine is only paging now and then. */
const manyFaultsPerSecond = 20;
const muchReadBackPerSecond = 1e6;
const someFaultsPerSecond = 2;
const veryMuchReadBackPerSecond = 20e6;
/** Counting a process's pages takes the kernel milliseconds when weights are mapped. */
const memoryEveryMs = 5000;

/** Returns a reader of the gauges, for about once a second. It reads a dozen small files and starts no process. Throws where there is no /proc. */
export function createGaugeReader({root = '/', pids, now = () => performance.now()}: GaugeOptions): () => Gauges {
	let before: {atMs: number; machine: MachineCounts; processes: Map<number, ProcessCounts>} | undefined;
	let memoryBytes = 0;
	let memoryAtMs = Number.NEGATIVE_INFINITY;
	let memoryPids = '';
	let pagingSinceMs: number | undefined;

	return () => {
		const atMs = now();
		const machine = readMachine(root);
		const running = pids();
		const processes = new Map(
			running.flatMap(pid => {
				const counts = readProcess(root, pid);
				return counts ? [[pid, counts] as const] : [];
			}),
		);
		if (atMs - memoryAtMs >= memoryEveryMs || memoryPids !== running.join()) {
			memoryBytes = running.reduce((sum, pid) => sum + readProcessMemory(root, pid), 0);
			memoryAtMs = atMs;
			memoryPids = running.join();
		}

		const seconds = before ? Math.max(1e-3, (atMs - before.atMs) / 1000) : 1;
		/** How fast a count of the processes that were there before too has grown. */
		const rate = (count: (counts: ProcessCounts) => number) => {
			let sum = 0;
			for (const [pid, counts] of processes) {
				const earlier = before?.processes.get(pid);
				if (earlier) sum += Math.max(0, count(counts) - count(earlier));
			}
			return sum / seconds;
		};
		const majorFaultsPerSecond = rate(counts => counts.majorFaults);
		const readBackBytesPerSecond = rate(counts => counts.diskReadBytes);
		pagingSinceMs = isPaging(majorFaultsPerSecond, readBackBytesPerSecond) ? (pagingSinceMs ?? atMs) : undefined;
		const ticks = before ? machine.allTicks - before.machine.allTicks : 0;

		const gauges: Gauges = {
			memory: {usedBytes: machine.usedBytes, totalBytes: machine.totalBytes},
			swap: {
				usedBytes: machine.swapUsedBytes,
				totalBytes: machine.swapTotalBytes,
				changeBytesPerSecond: before ? (machine.swapUsedBytes - before.machine.swapUsedBytes) / seconds : 0,
			},
			cpuShare: ticks > 0 ? Math.min(1, Math.max(0, (machine.busyTicks - before!.machine.busyTicks) / ticks)) : 0,
			program: {memoryBytes, cpuCores: rate(counts => counts.busyTicks) / ticksPerSecond},
			majorFaultsPerSecond,
			readBackBytesPerSecond,
			isModelTooBig: pagingSinceMs !== undefined && atMs - pagingSinceMs >= lastingMs,
			temperatureC: readTemperature(root),
			throttling: readThrottling(root),
		};
		before = {atMs, machine, processes};
		return gauges;
	};
}
