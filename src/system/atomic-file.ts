import {randomBytes} from 'node:crypto';
import {open, readFile, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import type {z} from 'zod';
import {syncFolder} from './sync-folder.js';

/**
 * Writes `text` to `file` (0600) so that whoever reads it, after a power cut too, finds the old text or the new one whole. On the medium when it returns. Throws what the
 * system says; the old file is then as it was.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
	const unnamed = `${file}.${randomBytes(4).toString('hex')}.new`;
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
		await rm(unnamed, {force: true}).catch(() => {});
		throw error;
	}
	await syncFolder(path.dirname(file));
}

/** A record of ours is small: what is bigger was not written by this program. */
const maxRecordBytes = 65_536;

/** What the JSON file `file` says, undefined where it is missing, too big, no JSON or not what `schema` expects. */
export async function readJsonRecord<Value>(file: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
	try {
		const {size} = await stat(file);
		if (size > maxRecordBytes) return undefined;
		return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
	} catch {
		return undefined;
	}
}

/** Writes `value` as the JSON file `file`, atomically. */
export async function writeJsonRecord(file: string, value: unknown): Promise<void> {
	await writeAtomically(file, `${JSON.stringify(value)}\n`);
}
