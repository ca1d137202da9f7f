import './own-home.js';

import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {runningCapture} from '../../src/capture/capture-record.js';
import type {RecorderStatus} from '../../src/recorder/protocol.js';
import {connectRecorder, type RecorderClient, type RecorderEvent} from '../../src/recorder/recorder-client.js';
import {runningRecorder} from '../../src/recorder/recorder-record.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import type {Segment} from '../../src/session/segment.js';
import type {SshServer} from '../live/ssh-server.js';
import {projectRoot} from '../project-root.js';

/** The program as the tests compiled it, so that it needs no other build. */
const main = path.join(projectRoot, 'build', 'src', 'cli', 'main.js');

/** A minute of speech. */
export const minute = path.join(projectRoot, 'test', 'fixtures', 'embedded', 'parity', 'minute.wav');

/** `file` as a microphone, so many times faster than speech. */
export const microphone = (file: string, query = 'speed=10'): string => `file:${file}?${query}`;

/** What a command wrote and ended with. */
export type Ended = {code: number | null; stdout: string; stderr: string};

const children = new Set<ChildProcess>();

/** A command that runs. */
export type Running = {child: ChildProcess; ended: Promise<Ended>; output(): Ended};

/** Starts `pi-caption` with `args` in the folders of this test. */
export const startProgram = (args: readonly string[], variables?: Record<string, string>): Running =>
	startCommand(process.execPath, [main, ...args], variables);

/** Starts `pi-caption` with `args` at the other end of an SSH line, in a terminal of 80 × 24, in the folders of this test. */
export const startOverSsh = ({login}: SshServer, args: readonly string[]): Running =>
	startCommand(
		'sh',
		['-c', `exec ${login} 'stty columns 80 rows 24; exec "${process.execPath}" "${main}" ${args.join(' ')}'`],
		{TERM: 'xterm-256color'},
	);

function startCommand(command: string, args: readonly string[], variables: Record<string, string> = {}): Running {
	const child = spawn(command, args, {
		env: {...process.env, LANG: 'C.UTF-8', ...variables},
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	children.add(child);
	const output = {code: null as number | null, stdout: '', stderr: ''};
	for (const name of ['stdout', 'stderr'] as const) {
		child[name].setEncoding('utf8').on('data', (text: string) => {
			output[name] += text;
		});
	}
	const ended = new Promise<Ended>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', code => {
			output.code = code;
			resolve({...output});
		});
	});
	return {child, ended, output: () => ({...output})};
}

/** Runs `pi-caption` with `args` to its end. */
export const runProgram = (args: readonly string[], variables?: Record<string, string>): Promise<Ended> => {
	const running = startProgram(args, variables);
	running.child.stdin!.end();
	return running.ended;
};

/** Waits until `isSo`; fails with `what` when that takes a minute. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
	const deadline = performance.now() + 60_000;
	while (!(await isSo())) {
		if (performance.now() > deadline) throw new Error(`Waited a minute for: ${what}`);
		await setTimeout(20);
	}
}

/** A viewer that keeps all it was shown. */
export class Watcher {
	readonly events: RecorderEvent[] = [];

	private constructor(readonly client: RecorderClient) {
		client.subscribe(event => this.events.push(event));
	}

	static async attach(): Promise<Watcher> {
		const watcher = new Watcher(await connectRecorder({wants: 'events', starts: false}));
		await until('a snapshot', () => watcher.status !== undefined);
		return watcher;
	}

	/** The newest status. */
	get status(): RecorderStatus | undefined {
		const event = this.events.findLast(event => event.type === 'status' || event.type === 'snapshot');
		return event && 'status' in event ? event.status : undefined;
	}

	/** Finals that were shown as final, saved ones. */
	get finals(): Segment[] {
		return this.events.flatMap(event =>
			event.type === 'entry' && event.entry.type === 'final' && !event.isUnsaved ? [event.entry.segment] : [],
		);
	}

	/** Waits until the tape is so long. */
	async heard(tapeMs: number): Promise<void> {
		await until(`${tapeMs} ms of tape`, () => (this.status?.session?.tapeMs ?? 0) >= tapeMs);
	}

	close(): void {
		this.client.close();
	}
}

/** Everything of a session's journal. */
export function journalOf(folder: string): JournalEntry[] {
	const text = readFileSync(path.join(folder, 'journal.jsonl'), 'utf8');
	return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [JSON.parse(line)]));
}

/** The finals of a session's journal. */
export const finalsOf = (folder: string): Segment[] =>
	journalOf(folder).flatMap(entry => (entry.type === 'final' ? [entry.segment] : []));

/** The finals that `transcribe` makes of `file`, one frame a call. */
export async function transcribed(file: string): Promise<Segment[]> {
	const {code, stdout, stderr} = await runProgram(['transcribe', '--latency', 'low', '--json', '--words', file]);
	if (code !== 0) throw new Error(`transcribe ended with ${code}: ${stderr}`);
	return stdout
		.split('\n')
		.filter(line => line !== '')
		.map(line => JSON.parse(line))
		.filter(event => event.type === 'final');
}

/** What of two transcripts must be equal: text and times. */
export const textAndTimes = (segments: readonly Segment[]) =>
	segments.map(({text, startMs, endMs, words}) => ({text, startMs, endMs, words}));

/** Ends whatever a test left running, for good. */
export async function killAll(): Promise<void> {
	for (const child of children) child.kill('SIGKILL');
	for (const find of [runningRecorder, runningCapture]) {
		const record = await find();
		if (record) process.kill(record.process.pid, 'SIGKILL');
	}
	await until('the end of every process', async () => !(await runningRecorder()) && !(await runningCapture()));
}

/** Whether a process of this number is there. */
export const exists = (pid: number): boolean => existsSync(`/proc/${pid}`);
