import {readdirSync, readFileSync} from 'node:fs';

// What the kernel tells in files below /proc and /sys: any of them may be missing, or vanish between two looks.

/** The text of `file`; undefined where there is none, or it cannot be read. */
export function readText(file: string): string | undefined {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return undefined;
	}
}

/** Names in `folder`; none where there is no such folder. */
export function listFolder(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
