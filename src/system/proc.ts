import {readFileSync} from 'node:fs';
import path from 'node:path';
import {listFolder, readText} from './system-files.js';

/** What the kernel says of the machine now. Bytes; times in ticks of 10 ms, summed since the start. */
export type MachineCounts = {
	totalBytes: number;
	/** Without what the kernel would give away: page cache that is clean counts as free. */
	usedBytes: number;
	swapTotalBytes: number;
	swapUsedBytes: number;
	/** Of all cores together. */
	busyTicks: number;
	allTicks: number;
	nCores: number;
};

/** What the kernel says of a process now. Bytes; ticks of 10 ms. */
export type ProcessCounts = {busyTicks: number; majorFaults: number; diskReadBytes: number};

/** The kernel counts CPU time for user space in this unit on every machine that Node runs on. */
export const ticksPerSecond = 100;

/** Reads the machine's counts below `root` (`/`). Throws where there is no /proc. */
export function readMachine(root: string): MachineCounts {
	const memory = fields(readFileSync(path.join(root, 'proc/meminfo'), 'utf8'));
	const kilobytes = (name: string) => (memory.get(name) ?? 0) * 1024;
	const stat = readFileSync(path.join(root, 'proc/stat'), 'utf8');
	const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = (
		/^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
	)
		.split(' ')
		.map(Number);
	const busyTicks = user + nice + system + irq + softIrq + steal;
	return {
		totalBytes: kilobytes('MemTotal'),
		usedBytes: kilobytes('MemTotal') - kilobytes('MemAvailable'),
		swapTotalBytes: kilobytes('SwapTotal'),
		swapUsedBytes: kilobytes('SwapTotal') - kilobytes('SwapFree'),
		busyTicks,
		allTicks: busyTicks + idle + ioWait,
		nCores: stat.match(/^cpu\d+ /gm)?.length ?? 1,
	};
}

/** Reads the counts of process `pid`; undefined when there is none. What another user's process hides counts 0. */
export function readProcess(root: string, pid: number): ProcessCounts | undefined {
	const stat = readText(path.join(root, 'proc', String(pid), 'stat'));
	if (stat === undefined) return undefined;
	// The name, in brackets, may hold spaces and brackets: fields are counted behind it.
	const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const value = (field: number) => Number(values[field - 3] ?? 0);
	const io = fields(readText(path.join(root, 'proc', String(pid), 'io')) ?? '');
	return {
		majorFaults: value(12),
		busyTicks: value(14) + value(15),
		diskReadBytes: io.get('read_bytes') ?? 0,
	};
}

/** Memory of process `pid` in bytes: its proportional share where the kernel tells it, else all that is resident. The kernel walks the process's pages for it: not every second. */
export function readProcessMemory(root: string, pid: number): number {
	const folder = path.join(root, 'proc', String(pid));
	const share = fields(readText(path.join(folder, 'smaps_rollup')) ?? '').get('Pss');
	return (share ?? fields(readText(path.join(folder, 'status')) ?? '').get('VmRSS') ?? 0) * 1024;
}

/** Resident memory of a process in bytes: its own, what it maps from files (the kernel drops clean pages of that when memory is short), and all of it at most so far. */
export type ResidentMemory = {privateBytes: number; mappedBytes: number; peakBytes: number};

/** Reads what is resident of process `pid`. */
export function readResidentMemory(root: string, pid: number): ResidentMemory {
	const status = fields(readText(path.join(root, 'proc', String(pid), 'status')) ?? '');
	const bytes = (name: string) => (status.get(name) ?? 0) * 1024;
	return {
		privateBytes: bytes('RssAnon'),
		mappedBytes: bytes('RssFile') + bytes('RssShmem'),
		peakBytes: bytes('VmHWM'),
	};
}

/** Temperature of the processor in °C: of the zone that says so by its name, else of the first; undefined where there is none. */
export function readTemperature(root: string): number | undefined {
	const folder = path.join(root, 'sys/class/thermal');
	const zones = listFolder(folder)
		.filter(name => name.startsWith('thermal_zone'))
		.sort()
		.map(name => path.join(folder, name));
	const isProcessor = (zone: string) => /cpu|pkg|soc/i.test(readText(path.join(zone, 'type')) ?? '');
	const zone = zones.find(isProcessor) ?? zones[0];
	const milli = zone === undefined ? undefined : readText(path.join(zone, 'temp'));
	return milli === undefined || milli.trim() === '' ? undefined : Number(milli) / 1000;
}

/** Lines of `Name: 123 kB`. */
function fields(text: string): Map<string, number> {
	return new Map([...text.matchAll(/^([\w()]+):\s+(\d+)/gm)].map(([, name, value]) => [name!, Number(value)]));
}
