import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** A cgroup of this process's own, for commands that shall have no more memory than so much. */
export type MemoryLimit = {
	/** Which kind it is, and where. */
	description: string;
	/** Put in front of a command, it runs in the cgroup. */
	prefix: string[];
	/** Times that the limit was met, so that pages had to go. */
	failures(): number;
	/** Removes it; what ran in it must have ended. */
	remove(): void;
};

/** Limits memory to `bytes`, with no swap. Returns the reason, as a sentence, where this machine does not let us. */
export function limitMemory(bytes: number, root = '/sys/fs/cgroup'): MemoryLimit | string {
	const groups = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
	const first = groups.find(line => line.split(':')[1]?.split(',').includes('memory'))?.split(':')[2];
	try {
		if (first !== undefined && existsSync(path.join(root, 'memory'))) {
			return limited('cgroup v1', path.join(root, 'memory', first), 'memory.failcnt', [
				['memory.limit_in_bytes', bytes],
				['memory.swappiness', 0],
			]);
		}
		const second = groups.find(line => line.startsWith('0::'))?.slice(3);
		if (second === undefined) return 'This machine has no cgroups.';
		const parent = path.join(root, second);
		writeFileSync(path.join(parent, 'cgroup.subtree_control'), '+memory');
		return limited('cgroup v2', parent, undefined, [
			['memory.max', bytes],
			['memory.swap.max', 0],
		]);
	} catch (error) {
		return `This machine lets nobody limit memory here (${(error as Error).message}).`;
	}
}

function limited(
	kind: string,
	parent: string,
	failuresFile: string | undefined,
	settings: readonly (readonly [file: string, value: number])[],
): MemoryLimit {
	const folder = path.join(parent, `pi-caption-${process.pid}`);
	mkdirSync(folder);
	try {
		for (const [file, value] of settings) writeFileSync(path.join(folder, file), String(value));
	} catch (error) {
		rmdirSync(folder);
		throw error;
	}
	return {
		description: `${kind}, ${folder}`,
		prefix: ['/bin/sh', '-c', `echo $$ > '${folder}/cgroup.procs' && exec "$@"`, 'sh'],
		failures() {
			if (failuresFile) return Number(readFileSync(path.join(folder, failuresFile), 'utf8'));
			return Number(/^max (\d+)$/m.exec(readFileSync(path.join(folder, 'memory.events'), 'utf8'))?.[1] ?? 0);
		},
		remove: () => rmdirSync(folder),
	};
}
