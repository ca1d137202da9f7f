import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** One call that a traced process made on a file, with when it began and returned, in ms of the wall clock. Calls that failed are left out. */
export type FileCall = {
	name: string;
	/** The file, or for a rename or link where it went. */
	file: string;
	/** Where a renamed or linked file came from. */
	from?: string;
	/** What was given to the call beside the file, as strace prints it. */
	args: string;
	/** What it returned. */
	result: number;
	beganMs: number;
	endedMs: number;
	/** Number of the thread. */
	thread: number;
};

const traced =
	'openat,rename,renameat,renameat2,link,linkat,fsync,fdatasync,write,pwrite64,writev,pwritev,sendto,sendmsg';
const line = /^(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)(?:<[^>]*>)?.* <(\d+\.\d+)>$/;
const firstFile = /^\d+<((?:[^>\\]|\\.)*)>/;

/**
 * Runs `command` under strace, which prints every call that opens, names, writes or syncs a file. `textBytes`: so much of what is written is printed. `calls` waits for its end.
 */
export function traceFileCalls(
	command: readonly string[],
	env: NodeJS.ProcessEnv,
	textBytes = 32,
): {child: ChildProcess; calls(): Promise<FileCall[]>} {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pc-strace-'));
	const output = path.join(folder, 'calls');
	// One file a thread: no call is torn in two by another thread's.
	const options = ['-ff', '-y', '-ttt', '-T', '-qq', '-s', String(textBytes), '-e', `trace=${traced}`, '-o', output];
	const child = spawn('strace', [...options, ...command], {env, stdio: ['ignore', 'inherit', 'inherit']});
	const ended = once(child, 'exit');
	return {
		child,
		async calls() {
			await ended;
			const files = readdirSync(folder);
			const calls = files.flatMap(file =>
				readFileSync(path.join(folder, file), 'utf8')
					.split('\n')
					.flatMap(text => parseCall(text, Number(file.slice('calls.'.length)))),
			);
			rmSync(folder, {recursive: true});
			return calls.sort((a, b) => a.beganMs - b.beganMs);
		},
	};
}

/** The processes that strace runs are its children. */
export function tracedPid(strace: ChildProcess): number {
	const children = readFileSync(`/proc/${strace.pid}/task/${strace.pid}/children`, 'utf8');
	return Number(children.trim().split(' ')[0]);
}

function parseCall(text: string, thread: number): FileCall[] {
	const [, began, name, args, result, lasted] = line.exec(text) ?? [];
	if (name === undefined || Number(result) < 0) return [];
	const beganMs = Number(began) * 1000;
	const call = {name, result: Number(result), beganMs, endedMs: beganMs + Number(lasted) * 1000, thread};
	if (/^(?:rename|link)/.test(name)) {
		const [from, file] = [...args!.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(match => match[1]!);
		return from !== undefined && file !== undefined ? [{...call, file, from, args: args!}] : [];
	}
	if (name === 'openat') {
		const [, file] = /"((?:[^"\\]|\\.)*)"/.exec(args!) ?? [];
		return file === undefined ? [] : [{...call, file, args: args!.slice(args!.indexOf('",') + 3)}];
	}
	const [match, file] = firstFile.exec(args!) ?? [];
	return match === undefined ? [] : [{...call, file: file!, args: args!.slice(match.length + 2)}];
}

/** Whether `file` was given its bytes, then synced, then its name, and then its folder was synced, all in this order. */
export function isMadeDurably(calls: readonly FileCall[], file: string): boolean {
	const named = calls.find(call => /^(?:rename|link)/.test(call.name) && call.file === file);
	if (!named) return false;
	const before = calls.filter(call => call.endedMs <= named.beganMs);
	const written = before.findLast(call => /write/.test(call.name) && call.file === named.from);
	const synced = before.findLast(call => /sync$/.test(call.name) && call.file === named.from);
	const isSynced = written !== undefined && synced !== undefined && synced.beganMs >= written.endedMs;
	return isSynced && isFolderSynced(calls, path.dirname(file), named.endedMs);
}

/** Whether `folder` was synced after `ms`. */
export const isFolderSynced = (calls: readonly FileCall[], folder: string, ms: number): boolean =>
	calls.some(call => call.name === 'fsync' && call.file === folder && call.beganMs >= ms);

/**
 * For each write to `file` the ms until it was on the medium: until the end of the first sync that began when the write had returned. Infinite where none did. Ages count from `sinceMs`
 * of the write.
 */
export function unsyncedMs(
	calls: readonly FileCall[],
	file: string,
	sinceMs: (write: FileCall) => number = write => write.beganMs,
): number[] {
	const syncs = calls.filter(call => call.file === file && /sync$/.test(call.name));
	return calls
		.filter(call => call.file === file && /write/.test(call.name))
		.map(write => {
			const ends = syncs.filter(({beganMs}) => beganMs >= write.endedMs).map(({endedMs}) => endedMs);
			return Math.min(...ends) - sinceMs(write);
		});
}
