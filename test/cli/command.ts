import assert from 'node:assert/strict';
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {projectRoot} from '../project-root.js';

/** The `pi-caption` command of this project, as it is installed. */
export const command = path.join(projectRoot, 'bin', 'pi-caption.cjs');

/** A recording among the fixtures. */
export const fixture = (name: string) => path.join(projectRoot, 'test', 'fixtures', name);

/** What a command wrote and ended with; `code` is null where a signal ended it. */
export type Ended = {code: number | null; stdout: string; stderr: string};

/** A command that runs. */
export type Running = {
	child: ChildProcess;
	ended: Promise<Ended>;
	/** Resolves when standard output holds `pattern`; rejects when the command ends without it. */
	says(pattern: RegExp): Promise<void>;
};

const environment = {...process.env, LANG: 'C.UTF-8', PI_CAPTION_DEBUG: ''};

/** `input` is the command's standard input, which `staysOpen` after it. */
type StartOptions = {input?: string | Uint8Array; staysOpen?: boolean; env?: Record<string, string>};

/** Starts `pi-caption` with `args`. */
export function start(args: readonly string[], {input = '', staysOpen = false, env = {}}: StartOptions = {}): Running {
	const child = spawn(process.execPath, [command, ...args], {env: {...environment, ...env}});
	const output = {stdout: '', stderr: ''};
	const watchers = new Set<() => void>();
	for (const name of ['stdout', 'stderr'] as const) {
		child[name].setEncoding('utf8').on('data', (text: string) => {
			output[name] += text;
			for (const watch of watchers) watch();
		});
	}
	child.stdin.on('error', () => {});
	child.stdin.write(input);
	if (!staysOpen) child.stdin.end();
	const ended = new Promise<Ended>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', code => resolve({code, ...output}));
	});
	const says = (pattern: RegExp) =>
		new Promise<void>((resolve, reject) => {
			const watch = () => {
				if (!pattern.test(output.stdout)) return;
				watchers.delete(watch);
				resolve();
			};
			watchers.add(watch);
			ended.then(() => reject(new Error(`The command ended without ${pattern}: ${JSON.stringify(output)}`)), reject);
			watch();
		});
	return {child, ended, says};
}

/** Runs `pi-caption` with `args` to its end. */
export const run = (args: readonly string[], options?: StartOptions): Promise<Ended> => start(args, options).ended;

/** Runs a line of bash in which `$PI` is the command, under `pipefail`. */
export function runInShell(line: string, variables: Record<string, string> = {}): Ended {
	const {status, stdout, stderr} = spawnSync('bash', ['-o', 'pipefail', '-c', line], {
		env: {...environment, ...variables, PI: `${process.execPath} ${command}`},
		encoding: 'utf8',
	});
	return {code: status, stdout, stderr};
}

/** Reason to skip a test that needs `program`, or false. */
export const missing = (program: string): string | false =>
	spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ? false : `${program} is not installed`;

/** Two runs gave the same captions, a line each. */
export function assertSameCaptions(actual: string, expected: string): void {
	const lines = (text: string) => text.split('\n').filter(line => line !== '');
	assert.deepEqual(lines(actual), lines(expected));
}

/** The samples of a WAV fixture from `fromMs` to `toMs`: raw PCM at 16 kHz. */
export function rawPcm(file: string, fromMs: number, toMs: number): Buffer {
	const bytes = readFileSync(file);
	const samples = bytes.subarray(bytes.indexOf('data') + 8);
	return samples.subarray(32 * fromMs, 32 * toMs);
}
