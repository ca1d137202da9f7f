import {rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {syncFolder} from '../system/sync-folder.js';

/** Deletes the session at `folder` for good. It leaves the list at once, whole, even if the deleting is interrupted. Throws what the system says. */
export async function deleteSession(folder: string): Promise<void> {
	const {dir, base} = path.parse(folder);
	const gone = path.join(dir, `.deleted-${base}`);
	await rename(folder, gone);
	await syncFolder(dir);
	await rm(gone, {recursive: true, force: true});
	await syncFolder(dir);
}
