import {lstatSync, readdirSync, realpathSync, rmSync, statfsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import path from 'node:path';
import {claimants, isAliveMark, processMark} from './session-claim.js';
import {SessionError} from './session-error.js';
import {createSession, type NewSession, type SessionFolder} from './session-folder.js';

/** Folders that are in memory on Linux; `XDG_RUNTIME_DIR` is not among them, as it ends with the last login (design §2). */
const memoryFolders = ['/dev/shm', '/run/shm', '/tmp'];
/** `TMPFS_MAGIC` of statfs(2). */
const tmpfsMagic = 0x01021994;

/** Our folders in memory; the number is the user's. */
const prefix = () => `pi-caption-${process.getuid?.() ?? 0}-`;

/**
 * Makes the folder of a session that leaves nothing behind, in memory. Whoever works on it claims it (`claimSession`): what nobody claims any more is wiped
 * by the next start. Throws `SessionError` where no folder is in memory.
 */
export async function createOffRecordSession(
	session: NewSession,
	roots: readonly string[] = memoryFolders,
): Promise<SessionFolder> {
	const root = roots.find(isInMemory);
	if (root === undefined) {
		throw new SessionError(
			'refused',
			`Off the record needs a folder in memory, and none of ${roots.join(', ')} is one (tmpfs): mount one, or record without it.`,
		);
	}
	// The name tells who makes it, so that a start at the same moment does not wipe it before it is claimed.
	return createSession(await mkdtemp(path.join(root, `${prefix()}${processMark()}-`)), session);
}

/** Wipes a session that was made off the record, with everything in it. */
export async function endOffRecordSession(folder: string): Promise<void> {
	await rm(path.dirname(folder), {recursive: true, force: true});
}

/** Whether the session at `folder` was made off the record. */
export const isOffRecord = (folder: string): boolean => path.basename(path.dirname(folder)).startsWith(prefix());

/** Wipes what sessions off the record left because every process of theirs was killed; those that somebody still works on stay. Returns how many were wiped. */
export function wipeOffRecord(roots: readonly string[] = memoryFolders): number {
	let wiped = 0;
	for (const folder of new Set(roots.flatMap(ownFoldersIn))) {
		const sessions = readdirSync(folder).map(name => path.join(folder, name));
		const maker = path
			.basename(folder)
			.slice(prefix().length)
			.replace(/-[^-]*$/, '');
		if (isAliveMark(maker) || sessions.some(session => claimants(session).length > 0)) continue;
		rmSync(folder, {recursive: true, force: true});
		wiped++;
	}
	return wiped;
}

function isInMemory(folder: string): boolean {
	try {
		return statfsSync(folder).type === tmpfsMagic;
	} catch {
		return false;
	}
}

/** Others may write into these folders too: a link, or what somebody else made under our name, is not ours. */
function ownFoldersIn(root: string): string[] {
	if (!isInMemory(root)) return [];
	return (
		readdirSync(root)
			.filter(name => name.startsWith(prefix()))
			// One of them may be a link to another.
			.map(name => path.join(realpathSync(root), name))
			.filter(folder => {
				const info = lstatSync(folder, {throwIfNoEntry: false});
				return info?.isDirectory() === true && info.uid === process.getuid?.();
			})
	);
}
