import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {Readable, Writable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {wordTailMs} from '../engine/captions.js';
import type {Latency} from '../engine/latency.js';
import {type LiveFigures, LiveMeter, percentile} from '../recorder/live-figures.js';
import type {RecorderStatus} from '../recorder/protocol.js';
import {connectRecorder} from '../recorder/recorder-client.js';
import {tapeExtent} from '../session/tape-file.js';
import {readProcess, readProcessMemory, ticksPerSecond} from '../system/proc.js';
import {chooseModel} from './choose-model.js';
import {demoRecordings} from './demo-recordings.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** The flags of `bench --live`. */
export type LiveBenchOptions = {model?: string; latency: Latency; minutes: number; asJson: boolean};

/** Marks the process that measures, in folders of its own. */
const homeVariable = 'PI_CAPTION_BENCH_HOME';
/** The screen that is measured. */
const screen = {columns: 80, rows: 24};
/** How often the tape is looked at: what it is late by is in the figures. */
const lookEveryMs = 10;

/**
 * Measures a live session as a viewer sees it: a recording plays the microphone at the pace of speech, and everything else is real: capture, tape, recorder, journal, socket, and the screen
 * in a terminal. Settings, sessions and a recording that is on are not touched: it has folders of its own.
 */
export async function runLiveBench(options: LiveBenchOptions, host: Host): Promise<ExitCode> {
	if (host.env[homeVariable] !== undefined) return measure(options, host);
	const home = await mkdtemp(path.join(os.tmpdir(), 'pi-bench-'));
	const variables = Object.fromEntries(
		['DATA', 'CONFIG', 'STATE', 'CACHE'].map(name => [`XDG_${name}_HOME`, path.join(home, name.toLowerCase())]),
	);
	try {
		const child = spawn(process.execPath, process.argv.slice(1), {
			stdio: 'inherit',
			env: {...host.env, ...variables, [homeVariable]: home},
		});
		return await new Promise<ExitCode>((resolve, reject) => {
			child.on('error', reject);
			child.on('close', code => resolve((code ?? exitCode.failed) as ExitCode));
		});
	} finally {
		await rm(home, {recursive: true, force: true});
	}
}

/** What one process cost: share of a core, CPU seconds per minute of audio, and its memory at the end. */
type ProcessFigures = {coreShare: number; cpuSecondsPerMinute: number; memoryBytes: number};

async function measure({model, latency, minutes, asJson}: LiveBenchOptions, host: Host): Promise<ExitCode> {
	const {manifest} = await chooseModel(model);
	const frameMs = (manifest.frameSamples / manifest.sampleRate) * 1000;
	const meter = new LiveMeter({delayMs: manifest.delayMs + manifest.silencePrefixMs, frameMs, wordTailMs});
	const client = await connectRecorder({wants: 'events', starts: true});
	let status: RecorderStatus | undefined;
	const unsubscribe = client.subscribe(event => {
		meter.heard(event, performance.now());
		if (event.type === 'status') status = event.status;
	});
	let viewer: Viewer | undefined;
	try {
		const recording = (await demoRecordings())[0]!;
		const device = `file:${recording.path}?then=loop`;
		const reply = await client.send({name: 'start', options: {title: 'Live bench', device, model, latency}});
		if (!reply.isDone || reply.folder === undefined) throw new Error(reply.message);
		const tape = path.join(reply.folder, 'audio.wav');
		viewer = startViewer(host);

		// The first seconds load the model and draw the screen.
		await watchTape(meter, tape, 5000, host.signal);
		const pids = {
			capture: status?.session?.capturePid,
			recorder: status?.recorderPid,
			viewer: await viewer.pid(),
		};
		const before = {atMs: performance.now(), bytes: viewer.bytes(), ticks: ticksOf(pids)};
		await watchTape(meter, tape, minutes * 60_000, host.signal);
		const ticks = ticksOf(pids);
		const seconds = (performance.now() - before.atMs) / 1000;
		const processes: Record<string, ProcessFigures> = {};
		for (const [name, pid] of Object.entries(pids)) {
			const cpuSeconds = (ticks[name]! - before.ticks[name]!) / ticksPerSecond;
			processes[name] = {
				coreShare: cpuSeconds / seconds,
				cpuSecondsPerMinute: (60 * cpuSeconds) / seconds,
				memoryBytes: pid === undefined ? 0 : readProcessMemory('/', pid),
			};
		}
		const screenBytesPerSecond = (viewer.bytes() - before.bytes) / seconds;
		await viewer.close();
		const {overruns = 0} = status?.session ?? {};
		const stopped = await client.send({name: 'stop'});
		if (!stopped.isDone) throw new Error(stopped.message);
		if (host.signal.aborted) return exitCode.interrupted;
		const report = {
			machine: {
				processor: os.cpus()[0]?.model.trim() ?? process.arch,
				cores: os.availableParallelism(),
				node: process.versions.node,
				measuredAt: new Date().toISOString(),
			},
			model: manifest.id,
			latency,
			seconds,
			captureOverruns: overruns,
			...summary(meter.figures),
			processes,
			screenBytesPerSecond,
		};
		host.stdout.write(`${asJson ? JSON.stringify(report) : reportText(report)}\n`);
		return exitCode.done;
	} finally {
		unsubscribe();
		await viewer?.close();
		await client.send({name: 'exit'}).catch(() => {});
		client.close();
	}
}

const summary = ({pipelineLagsMs, finalLagsMs, withdrawnWords, finalWords}: LiveFigures) => ({
	pipelineLagMs: {
		p50: percentile(pipelineLagsMs, 0.5),
		p95: percentile(pipelineLagsMs, 0.95),
		n: pipelineLagsMs.length,
	},
	finalLagMs: {p50: percentile(finalLagsMs, 0.5), p95: percentile(finalLagsMs, 0.95), n: finalLagsMs.length},
	withdrawnWords,
	finalWords,
	flicker: withdrawnWords / finalWords,
});

async function watchTape(meter: LiveMeter, tape: string, forMs: number, signal: AbortSignal): Promise<void> {
	const endMs = performance.now() + forMs;
	while (performance.now() < endMs && !signal.aborted) {
		const extent = await tapeExtent(tape).catch(() => undefined);
		if (extent) {
			meter.sawTape({atMs: performance.now(), tapeMs: (1000 * extent.nSamples) / extent.sampleRate});
		}
		await sleep(lookEveryMs);
	}
}

function ticksOf(pids: Record<string, number | undefined>): Record<string, number> {
	const ticks = (pid: number | undefined) => (pid === undefined ? 0 : (readProcess('/', pid)?.busyTicks ?? 0));
	return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, ticks(pid)]));
}

/** The screen in a terminal of its own. */
type Viewer = {
	pid(): Promise<number | undefined>;
	/** What was written to the terminal so far. */
	bytes(): number;
	close(): Promise<void>;
};

/** util-linux's `script` gives the viewer a real terminal, and this program what is written there. */
function startViewer(host: Host): Viewer {
	const command = [process.execPath, process.argv[1]!, 'attach'].map(word => `'${word.replaceAll("'", "'\\''")}'`);
	const line = `stty rows ${screen.rows} columns ${screen.columns}; exec ${command.join(' ')}`;
	const child: ChildProcessByStdio<Writable, Readable, null> = spawn('script', ['-q', '-f', '-c', line, '/dev/null'], {
		stdio: ['pipe', 'pipe', 'ignore'],
		env: {...host.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', SHELL: '/bin/sh'},
	});
	let bytes = 0;
	let problem: Error | undefined;
	child.stdout.on('data', (data: Buffer) => {
		bytes += data.length;
	});
	child.stdin.on('error', () => {});
	child.on('error', error => {
		problem = error;
	});
	const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
	return {
		async pid() {
			// The shell becomes the viewer in its own place.
			for (let n = 0; n < 100; n++) {
				if (problem) throw new Error(`The terminal for the viewer cannot be opened: ${problem.message}.`);
				const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
				const pid = Number(children.trim().split(' ')[0]);
				if (pid > 0) return pid;
				await sleep(20);
			}
			return undefined;
		},
		bytes: () => bytes,
		async close() {
			child.kill('SIGTERM');
			await closed;
		},
	};
}

type Report = ReturnType<typeof summary> & {
	machine: {processor: string; cores: number; node: string; measuredAt: string};
	model: string;
	latency: Latency;
	seconds: number;
	captureOverruns: number;
	processes: Record<string, ProcessFigures>;
	screenBytesPerSecond: number;
};

function reportText(report: Report): string {
	const {machine, pipelineLagMs, finalLagMs, processes} = report;
	const ms = (value: number) => `${Math.round(value)} ms`;
	const rows = Object.entries(processes).map(
		([name, {coreShare, cpuSecondsPerMinute, memoryBytes}]) =>
			`  ${name.padEnd(9)}${(100 * coreShare).toFixed(1).padStart(6)} % of a core ${cpuSecondsPerMinute.toFixed(2).padStart(7)} CPU s per minute ${(memoryBytes / 1e6).toFixed(0).padStart(5)} MB`,
	);
	return [
		`${machine.processor}, ${machine.cores} cores, Node ${machine.node}, ${machine.measuredAt.slice(0, 10)}; model ${report.model}, latency ${report.latency}, ${Math.round(report.seconds)} s at the pace of speech`,
		`Pipeline lag   p50 ${ms(pipelineLagMs.p50)}, p95 ${ms(pipelineLagMs.p95)} (from the last sample that a word needed on the tape to the viewer; ${pipelineLagMs.n} updates)`,
		`Finals         p50 ${ms(finalLagMs.p50)}, p95 ${ms(finalLagMs.p95)} after their last word, the pause that ends a caption included (${finalLagMs.n})`,
		`Flicker        ${report.flicker.toFixed(3)} (${report.withdrawnWords} words taken back, ${report.finalWords} final ones)`,
		`Overruns       ${report.captureOverruns}`,
		...rows,
		`Screen         ${(report.screenBytesPerSecond / 1000).toFixed(2)} kB/s at ${screen.columns} × ${screen.rows}`,
	].join('\n');
}
