import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** Writes files below `root`, with the folders they need. */
export function writeFiles(root: string, files: Record<string, string>): void {
	for (const [name, text] of Object.entries(files)) {
		const file = path.join(root, name);
		mkdirSync(path.dirname(file), {recursive: true});
		writeFileSync(file, text);
	}
}

/** /proc and /sys of a Raspberry Pi 5 with 4 GB (Raspberry Pi OS, kernel 6.12), as far as the gauges read them. */
export const pi5: Record<string, string> = {
	'proc/meminfo': `MemTotal:        4147584 kB
MemFree:          246784 kB
MemAvailable:    2949184 kB
Buffers:           72016 kB
Cached:          2692976 kB
SwapCached:          480 kB
SwapTotal:        524272 kB
SwapFree:         518128 kB
`,
	'proc/stat': `cpu  10000 50 2000 80000 300 0 150 0 0 0
cpu0 2500 10 500 20000 75 0 40 0 0 0
cpu1 2500 10 500 20000 75 0 40 0 0 0
cpu2 2500 10 500 20000 75 0 40 0 0 0
cpu3 2500 20 500 20000 75 0 30 0 0 0
intr 1234
`,
	'proc/700/stat': processStat({pid: 700, majorFaults: 100, userTicks: 400, systemTicks: 100}),
	'proc/700/io': ioText(5_000_000),
	'proc/700/smaps_rollup': `aaaad0000000-ffffe0000000 ---p 00000000 00:00 0                          [rollup]
Rss:              240000 kB
Pss:              204800 kB
Pss_Dirty:         90000 kB
`,
	'proc/701/stat': processStat({pid: 701, majorFaults: 3, userTicks: 50, systemTicks: 50}),
	'proc/701/status': 'Name:\tnode\nVmPeak:\t  900000 kB\nVmRSS:\t   51200 kB\n',
	'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
	'sys/class/thermal/thermal_zone0/temp': '61250\n',
	'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
};

/** `/proc/PID/stat` of a process with a name that is hard to read over. */
export function processStat(counts: {
	pid: number;
	majorFaults: number;
	userTicks: number;
	systemTicks: number;
}): string {
	const {pid, majorFaults, userTicks, systemTicks} = counts;
	return `${pid} (no) de (2)) S 1 ${pid} ${pid} 0 -1 4194304 9000 0 ${majorFaults} 0 ${userTicks} ${systemTicks} 0 0 20 0 11 0 5000 1000000 30000\n`;
}

/** `/proc/PID/io`. */
export function ioText(readBytes: number): string {
	return `rchar: 99\nwchar: 99\nsyscr: 1\nsyscw: 1\nread_bytes: ${readBytes}\nwrite_bytes: 0\ncancelled_write_bytes: 0\n`;
}
