import '../../test/recorder/own-home.js';

import {readdirSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {stateFolder} from '../../src/system/folders.js';
import {readProcess, readResidentMemory, ticksPerSecond} from '../../src/system/proc.js';
import {
	finalsOf,
	killAll,
	microphone,
	minute,
	runProgram,
	startProgram,
	until,
	Watcher,
} from '../../test/recorder/live-program.js';

// npm run prove -- soak [--minutes N] [--speed N]: a long session through the whole live path, faster than it is said, with a viewer that reads along and one that is stopped (SIGSTOP)
// all the time. Memory of each process stays flat within 20 MB after the first eighth, descriptors do not grow, logs are capped, the microphone never waits, and no caption is missing.

const parts = 8;
const maxGrowthMb = 20;
const maxLogBytes = 1_100_000;
const lookEveryMs = 500;

const {values} = parseArgs({
	options: {minutes: {type: 'string', default: '60'}, speed: {type: 'string', default: '15'}},
});
const totalMs = Number(values.minutes) * 60_000;

type Row = {privateMb: number; residentMb: number; descriptors: number; cpuSeconds: number};

console.log(
	`${new Date().toISOString()}, Node ${process.version}: ${values.minutes} minutes at ${values.speed} × the pace of speech`,
);
try {
	process.exitCode = (await hold()) ? 0 : 1;
} finally {
	await killAll();
}
process.exit();

async function hold(): Promise<boolean> {
	const device = microphone(minute, `speed=${values.speed}&then=loop`);
	const {code, stderr} = await runProgram(['start', '--detach', '--latency', 'low', '--device', device]);
	if (code !== 0) throw new Error(stderr);
	const watcher = await Watcher.attach();
	const reader = startProgram(['attach', '--plain']);
	const stopped = startProgram(['attach', '--plain']);
	await until('the first caption of the viewer that will be stopped', () => stopped.output().stdout !== '');
	stopped.child.kill('SIGSTOP');
	// What the loop of the watcher keeps would be this program's own memory; it is no part of the measurement.
	await until('the processes', () => watcher.status?.session?.capturePid !== undefined);
	const {recorderPid, session} = watcher.status!;
	const folder = session!.folder;
	const pids: Record<string, number> = {
		recorder: recorderPid,
		capture: session!.capturePid!,
		viewer: reader.child.pid!,
	};
	const columns = Object.keys(pids).map(name => `${name}: private, resident MB, descriptors, CPU s`);
	console.log(`| minute | ${columns.join(' | ')} |`);
	console.log(`| --: |${columns.map(() => ' --: |').join('')}`);

	const rows: Record<string, Row>[] = [];
	const peaks: Record<string, number[]> = Object.fromEntries(Object.keys(pids).map(name => [name, []]));
	let overruns = 0;
	for (let part = 0; part < parts; ) {
		await sleep(lookEveryMs);
		watcher.events.splice(0, watcher.events.length - 10);
		const now = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, measure(pid)]));
		for (const [name, {privateMb}] of Object.entries(now)) {
			peaks[name]![part] = Math.max(peaks[name]![part] ?? 0, privateMb);
		}
		const status = watcher.status?.session;
		overruns = status?.overruns ?? overruns;
		const tapeMs = (status?.tapeMs ?? 0) - (status?.backlogMs ?? 0);
		if (tapeMs < (totalMs * (part + 1)) / parts) continue;
		part++;
		rows.push(now);
		const cells = Object.values(now).map(
			row =>
				`${row.privateMb.toFixed(0)}, ${row.residentMb.toFixed(0)}, ${row.descriptors}, ${row.cpuSeconds.toFixed(0)}`,
		);
		console.log(`| ${(tapeMs / 60_000).toFixed(1)} | ${cells.join(' | ')} |`);
	}

	stopped.child.kill('SIGCONT');
	const ended = await runProgram(['stop']);
	await stopped.ended;
	await reader.ended;
	const finals = finalsOf(folder);
	const problems: string[] = [];
	if (ended.code !== 0) problems.push(`stop ended with ${ended.code}: ${ended.stderr}`);
	for (const [name, perPart] of Object.entries(peaks)) {
		const growthMb = Math.max(...perPart.slice(1)) - perPart[0]!;
		console.log(`${name}: private memory grew by ${growthMb.toFixed(1)} MB at most after the first eighth`);
		if (growthMb > maxGrowthMb) problems.push(`${name} grew by ${growthMb.toFixed(1)} MB`);
		const descriptors = rows.map(row => row[name]!.descriptors);
		if (Math.max(...descriptors) > descriptors[0]! + 3) problems.push(`${name} leaks descriptors: ${descriptors}`);
	}
	const logs = readdirSync(stateFolder).filter(name => name.endsWith('.log'));
	for (const log of logs) {
		const {size} = statSync(path.join(stateFolder, log));
		console.log(`${log}: ${size} bytes`);
		if (size > maxLogBytes) problems.push(`${log} has ${size} bytes`);
	}
	const audioBytes = statSync(path.join(folder, 'audio.wav')).size;
	const lines = (text: string) =>
		text.split('\n').filter(line => finals.some(final => line.includes(final.text))).length;
	console.log(
		`${finals.length} finals; ${lines(reader.output().stdout)} lines of them in the viewer, ${lines(stopped.output().stdout)} in the one that was stopped; ${overruns} overruns; tape of ${(audioBytes / 1e6).toFixed(1)} MB`,
	);
	if (overruns > 0) problems.push(`${overruns} overruns`);
	if (lines(stopped.output().stdout) < finals.length) problems.push('the stopped viewer misses captions');
	if (lines(reader.output().stdout) < finals.length) problems.push('the viewer misses captions');
	const ids = finals.map(final => final.segmentId);
	if (ids.some((id, i) => id !== i)) problems.push('finals are not in order');
	const transcript = readFileSync(path.join(folder, 'transcript.md'), 'utf8');
	if (finals.length === 0 || !transcript.includes(finals.at(-1)!.text.split(' ')[0]!)) {
		problems.push('the transcript is not complete');
	}
	for (const problem of problems) console.log(`FAILED: ${problem}`);
	console.log(`soak: ${problems.length === 0 ? 'passed' : 'FAILED'}`);
	return problems.length === 0;
}

function measure(pid: number): Row {
	const {privateBytes, mappedBytes} = readResidentMemory('/', pid);
	return {
		privateMb: privateBytes / 1e6,
		residentMb: (privateBytes + mappedBytes) / 1e6,
		descriptors: readdirSync(`/proc/${pid}/fd`).length,
		cpuSeconds: (readProcess('/', pid)?.busyTicks ?? 0) / ticksPerSecond,
	};
}
