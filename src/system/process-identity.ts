import {readFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';

/** Which process: a number alone is given to another one some time. Safe to keep in a file, over a restart of the machine too. */
export const processIdentity = z.object({
	pid: z.number().int().positive(),
	/** Clock ticks after the machine's start at which it began. */
	startTicks: z.string().max(30),
	/** Start of the machine that the ticks count from: after another one the same process number and ticks can come again. */
	bootId: z.string().max(100),
});
/** Which process. */
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** The process `pid`, undefined where there is none or it is dead and only waits to be buried by its parent. `proc` is for tests. */
export function identifyProcess(pid: number = process.pid, proc = '/proc'): ProcessIdentity | undefined {
	try {
		const stat = readFileSync(path.join(proc, String(pid), 'stat'), 'latin1');
		// The program's name stands in parentheses and may hold any of them itself.
		const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		// Field 22 of proc(5); the state is field 3.
		const startTicks = fields[18];
		if (!startTicks || state === 'Z' || state === 'X') return undefined;
		const bootId = readFileSync(path.join(proc, 'sys/kernel/random/boot_id'), 'latin1').trim();
		return {pid, startTicks, bootId};
	} catch {
		return undefined;
	}
}

/** Whether `identity` is running: a process with its number and its start. */
export function isRunning(identity: ProcessIdentity, proc = '/proc'): boolean {
	const found = identifyProcess(identity.pid, proc);
	return found?.startTicks === identity.startTicks && found.bootId === identity.bootId;
}
