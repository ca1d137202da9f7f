import {statfs} from 'node:fs/promises';
import path from 'node:path';
import {ModelError} from './model-error.js';

/** Kept free whatever is asked for: recordings go on, and logs. */
const reserveBytes = 200e6;

/** Bytes that may be written below `folder`, which need not exist yet. */
export async function freeBytes(folder: string): Promise<number> {
	for (let existing = path.resolve(folder); ; existing = path.dirname(existing)) {
		try {
			const {bavail, bsize} = await statfs(existing);
			return bavail * bsize;
		} catch (error) {
			if (existing === path.dirname(existing)) throw error;
		}
	}
}

/** Throws `ModelError` where fewer than `bytes` are free below `folder`, and some to spare; `what` says what for: `prepare the model`. */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
	const free = await freeBytes(folder);
	if (free >= bytes + reserveBytes) return;
	throw new ModelError(
		'no-space',
		`To ${what}, ${sizeText(bytes + reserveBytes)} are needed on the disk of ${folder} and ${sizeText(free)} are free: make room first.`,
	);
}

/** `2.4 GB`, `385 MB`, `1.3 kB`: three digits are enough. */
export function sizeText(bytes: number): string {
	if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(bytes < 99.95e9 ? 1 : 0)} GB`;
	if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
	return `${(bytes / 1e3).toFixed(bytes < 9.95e3 ? 1 : 0)} kB`;
}
