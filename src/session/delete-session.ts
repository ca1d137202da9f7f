import {readdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {syncFolder} from '../system/sync-folder.js';
import {refuseClaimed} from './session-claim.js';

const gonePrefix = '.deleted-';

/**
 * Deletes the session at `folder` for good. It leaves the list at once, whole, even if the deleting is interrupted; `sweepDeleted` does the rest then. Throws `SessionError` where a process
 * works on it, or what the system says.
 */
export async function deleteSession(folder: string): Promise<void> {
	refuseClaimed(folder);
	const {dir, base} = path.parse(folder);
	await rename(folder, path.join(dir, `${gonePrefix}${base}`));
	await syncFolder(dir);
	await sweepDeleted(dir);
}

/** Removes what is left of sessions whose deleting was interrupted. Throws what the system says; a folder without sessions is no error. */
export async function sweepDeleted(sessionsFolder: string): Promise<void> {
	const names = await readdir(sessionsFolder).catch(() => []);
	const gone = names.filter(name => name.startsWith(gonePrefix));
	for (const name of gone) await rm(path.join(sessionsFolder, name), {recursive: true, force: true});
	if (gone.length > 0) await syncFolder(sessionsFolder);
}
