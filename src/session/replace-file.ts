import {open, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {syncFolder} from '../system/sync-folder.js';

/**
 * Writes `text` to `file`, readable by its owner alone: whole and on the medium, or not at all, so that whoever reads it, or a power cut,
 * finds either the earlier text or this one. Throws what the system says; then the earlier text is still there.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
	const unnamed = `${file}.new`;
	// A process that died here left its own.
	await rm(unnamed, {force: true});
	try {
		const handle = await open(unnamed, 'wx', 0o600);
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(unnamed, file);
	} catch (error) {
		await rm(unnamed, {force: true});
		throw error;
	}
	await syncFolder(path.dirname(file));
}
