import path from 'node:path';
import {z} from 'zod';
import {readJsonRecord} from '../system/atomic-file.js';
import {runFolder} from '../system/folders.js';
import {isRunning, processIdentity} from '../system/process-identity.js';

/** Where the recorder that runs says how to reach it. It stays behind when a recorder dies: it counts only while its process lives. */
export const recorderRecordFile: string = path.join(runFolder, 'recorder.json');

/** What `recorder.json` says. */
export const recorderRecord = z.object({
	process: processIdentity,
	/** The socket that it listens on, absolute. */
	socket: z.string().max(4096),
	protocolVersion: z.number().int(),
});
/** What `recorder.json` says. */
export type RecorderRecord = z.infer<typeof recorderRecord>;

/** The record of the recorder that runs, undefined where none does. */
export async function runningRecorder(): Promise<RecorderRecord | undefined> {
	const record = await readJsonRecord(recorderRecordFile, recorderRecord);
	return record && isRunning(record.process) ? record : undefined;
}
