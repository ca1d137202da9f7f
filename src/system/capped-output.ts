import {fstatSync, ftruncateSync} from 'node:fs';

/** Bytes of a log that native code may fill before it is emptied. */
const maxLogBytes = 1_000_000;
const lookEveryMs = 2000;
const outputs = [1, 2];

/**
 * Keeps the files that standard output and error go to below about 1 MB each, for as long as the process lives: native audio code can print thousands of lines a second.
 * They must have been opened for appending. What is no file is left alone.
 */
export function capOutput(): void {
	setInterval(() => outputs.forEach(emptyIfFull), lookEveryMs).unref();
}

function emptyIfFull(output: number): void {
	try {
		const stats = fstatSync(output);
		if (stats.isFile() && stats.size > maxLogBytes) ftruncateSync(output);
	} catch {
		// Closed, or on a disk that does not answer: nothing that recording needs.
	}
}
