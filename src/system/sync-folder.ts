import {open} from 'node:fs/promises';

/** Puts the entries of `folder` on the disk: a new file that is synced can still lose its name in a power cut until its folder is synced too. */
export async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, 'r');
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
