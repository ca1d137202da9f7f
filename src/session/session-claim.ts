import {readdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {identifyProcess} from '../system/process-identity.js';
import {SessionError} from './session-error.js';

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

/** Throws `SessionError` where another process works on the session at `folder`. */
export function refuseClaimed(folder: string): void {
	const [pid] = claimants(folder).filter(one => one !== process.pid);
	if (pid === undefined) return;
	throw new SessionError(
		'refused',
		`Process ${pid} works on session ${path.basename(folder)}: stop it first, or wait until it is done.`,
	);
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

/** Names the process `pid` beyond its number, for file names: `number-start-run of the machine`. */
export function processMark(pid: number = process.pid): string {
	const {startTicks = '0', bootId = '00000000'} = identifyProcess(pid) ?? {};
	return `${pid}-${startTicks}-${bootId.slice(0, 8)}`;
}

/** Whether the process lives that `processMark` gave this `mark`. */
export function isAliveMark(mark: string): boolean {
	const pid = Number.parseInt(mark, 10);
	return identifyProcess(pid) !== undefined && processMark(pid) === mark;
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
