import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** A process that has a session in its hands leaves a file of this name in its folder; the name says which process. */
const claimName = /^\.claim-(\d+-\d+-[0-9a-f]{8})$/;

/**
 * Says that the process `pid` works on the session at `folder` (capture, recorder, recovery), until the returned function is called or the process is gone: then nobody need clean up,
 * as the claim names the process beyond its number, which others get later.
 */
export function claimSession(folder: string, pid: number = process.pid): () => void {
	const file = path.join(folder, `.claim-${processMark(pid)}`);
	writeFileSync(file, '', {mode: 0o600});
	return () => rmSync(file, {force: true});
}

/** Processes that live and have claimed the session at `folder`; none where there is no such folder. */
export function claimants(folder: string): number[] {
	return claims(folder)
		.filter(({isAlive}) => isAlive)
		.map(({pid}) => pid);
}

/** Removes the claims of the dead. */
export function dropDeadClaims(folder: string): void {
	for (const {name, isAlive} of claims(folder)) if (!isAlive) rmSync(path.join(folder, name), {force: true});
}

function claims(folder: string): {name: string; pid: number; isAlive: boolean}[] {
	return namesIn(folder).flatMap(name => {
		const mark = claimName.exec(name)?.[1];
		return mark === undefined ? [] : [{name, pid: Number.parseInt(mark, 10), isAlive: isAliveMark(mark)}];
	});
}

/** Names the process `pid` beyond its number: when it started, and in which run of the machine. For file names. */
export const processMark = (pid: number = process.pid): string => `${pid}-${startTicks(pid) ?? 0}-${bootId()}`;

/** Whether the process lives that `processMark` gave this `mark`. */
export function isAliveMark(mark: string): boolean {
	const pid = Number.parseInt(mark, 10);
	return startTicks(pid) !== undefined && processMark(pid) === mark;
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return [];
		throw error;
	}
}

/** When a process started, in ticks since the machine did; undefined where there is none, or only what is left of one (a zombie). */
function startTicks(pid: number): number | undefined {
	let stat: string;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
	} catch {
		return undefined;
	}
	// Fields are counted behind the name, which may hold anything: `42 (a) b) S 1 …`; the state is the third, the start the 22nd.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return ['Z', 'X'].includes(fields[0]!) ? undefined : Number(fields[19]);
}

/** Changes with every start of the machine. */
const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
