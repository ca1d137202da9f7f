import {link, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {runFolder} from '../system/folders.js';
import {isRunning, type ProcessIdentity, processIdentity} from '../system/process-identity.js';

/** Where the capture that runs says how to reach it, so that a new recorder finds it. It stays behind when a capture dies: it counts only while its process lives. */
export const captureRecordFile: string = path.join(runFolder, 'capture.json');

/** What `capture.json` says. */
export const captureRecord = z.object({
	process: processIdentity,
	/** The socket that it listens on, absolute. */
	socket: z.string().max(4096),
	/** The session that it records, absolute. */
	sessionFolder: z.string().max(4096),
	protocolVersion: z.number().int(),
});
/** What `capture.json` says. */
export type CaptureRecord = z.infer<typeof captureRecord>;

/** The record of the capture that runs, undefined where none does. */
export async function runningCapture(): Promise<CaptureRecord | undefined> {
	return runningIn(captureRecordFile);
}

/**
 * Writes the record of this process, unless another capture runs: that one's record is returned then, and stays. What a dead capture left is cleared away, its socket too.
 * Of two that begin at the same moment one gets it.
 */
export async function claimCapture(record: CaptureRecord): Promise<CaptureRecord | undefined> {
	const mine = `${captureRecordFile}.${record.process.pid}`;
	await writeJsonRecord(mine, record);
	try {
		for (;;) {
			try {
				// Unlike a rename, a link never takes the place of what is there.
				await link(mine, captureRecordFile);
				return undefined;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			}
			const other = await runningCapture();
			if (other) return other;
			await clearDead(record.process);
		}
	} finally {
		await rm(mine, {force: true});
	}
}

/** Removes the record of this process. */
export async function releaseCapture(): Promise<void> {
	await rm(captureRecordFile, {force: true});
}

/** Takes the record of a dead capture out of the way: by a new name first, so that a living one that came meanwhile can be put back. */
async function clearDead({pid}: ProcessIdentity): Promise<void> {
	const taken = `${captureRecordFile}.${pid}.dead`;
	try {
		await rename(captureRecordFile, taken);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
		throw error;
	}
	if (await runningIn(taken)) {
		await link(taken, captureRecordFile).catch(() => {});
	} else {
		const dead = await readJsonRecord(taken, captureRecord);
		// Only what lies where sockets lie: the record may be anything.
		if (dead && path.dirname(dead.socket) === runFolder) await rm(dead.socket, {force: true});
	}
	await rm(taken, {force: true});
}

async function runningIn(file: string): Promise<CaptureRecord | undefined> {
	const record = await readJsonRecord(file, captureRecord);
	return record && isRunning(record.process) ? record : undefined;
}
