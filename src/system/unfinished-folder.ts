import {randomBytes} from 'node:crypto';
import {mkdir, readdir, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {identifyProcess} from './process-identity.js';

/** `.<name>.<pid>-<start>.<8 hex>.partial` or `.old`: the process that works on it stands in the name, so that others can tell what nobody works on any more. */
const pattern = /^\.(.+)\.(\d+)-(\d+)\.[0-9a-f]{8}\.(partial|old)$/;

const nameBeside = (target: string, suffix: 'partial' | 'old') => {
	const {pid, startTicks} = identifyProcess() ?? {pid: process.pid, startTicks: '0'};
	const own = `${pid}-${startTicks}.${randomBytes(4).toString('hex')}`;
	return path.join(path.dirname(target), `.${path.basename(target)}.${own}.${suffix}`);
};

/** A new folder beside `target`, in which that is made before it gets its name. What earlier, killed processes left beside it goes. */
export async function beginFolder(target: string): Promise<string> {
	await mkdir(path.dirname(target), {recursive: true, mode: 0o700});
	await sweepUnfinished(path.dirname(target));
	const unfinished = nameBeside(target, 'partial');
	await mkdir(unfinished, {mode: 0o700});
	return unfinished;
}

/**
 * Gives `unfinished` the name `target`. A folder with files in it cannot be renamed over: an older one steps aside first, and comes back if that is as far
 * as it goes, after a power cut too.
 */
export async function finishFolder(unfinished: string, target: string): Promise<void> {
	const old = (await exists(target)) ? nameBeside(target, 'old') : undefined;
	if (old) await rename(target, old);
	try {
		await rename(unfinished, target);
	} catch (error) {
		if (old) await rename(old, target);
		throw error;
	}
	if (old) await rm(old, {recursive: true, force: true});
}

/** Removes what dead processes left unfinished in `folder`, and gives an older folder its name back where the newer one did not come that far. */
export async function sweepUnfinished(folder: string): Promise<void> {
	for (const name of await readdir(folder).catch(() => [])) {
		const [, target, pid, startTicks, suffix] = pattern.exec(name) ?? [];
		if (!target || identifyProcess(Number(pid))?.startTicks === startTicks) continue;
		const [left, owner] = [path.join(folder, name), path.join(folder, target)];
		if (suffix === 'old' && !(await exists(owner))) await rename(left, owner);
		else await rm(left, {recursive: true, force: true});
	}
}

const exists = (file: string) =>
	stat(file).then(
		() => true,
		() => false,
	);
