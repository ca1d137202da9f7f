import {rm} from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {runFolder} from '../system/folders.js';
import {makePrivateFolder} from '../system/private-socket.js';
import {identifyProcess, isRunning} from '../system/process-identity.js';
import {recorderProtocolVersion} from './protocol.js';
import {recorderRecord, recorderRecordFile} from './recorder-record.js';

/** What is done under the lock lasts milliseconds; a lock that is older was left by a process that died in it. */
const staleLockMs = 5000;
const retries = {retries: 60, factor: 1, minTimeout: 100, maxTimeout: 200};

/**
 * Makes this process the one recorder of its user, reachable at `socket`; false where another one runs. What a dead one left, its socket and record, goes. The lock is held
 * only while the record is looked at and written: nothing that lasts hangs on its age.
 */
export async function claimRecorder(socket: string): Promise<boolean> {
	await makePrivateFolder(runFolder);
	const release = await lockfile.lock(recorderRecordFile, {
		realpath: false,
		stale: staleLockMs,
		retries,
		// Taken over by another process, which found it too old: that one finds the record written or writes its own, and whoever wrote last is the recorder.
		onCompromised: () => {},
	});
	try {
		const found = await readJsonRecord(recorderRecordFile, recorderRecord);
		if (found && isRunning(found.process)) return false;
		if (found && path.dirname(found.socket) === runFolder) await rm(found.socket, {force: true});
		await writeJsonRecord(recorderRecordFile, {
			process: identifyProcess()!,
			socket,
			protocolVersion: recorderProtocolVersion,
		});
	} finally {
		await release().catch(() => {});
	}
	return (await readJsonRecord(recorderRecordFile, recorderRecord))?.socket === socket;
}

/** Takes the record away, so that nobody looks for this process any more. */
export async function releaseRecorder(socket: string): Promise<void> {
	const found = await readJsonRecord(recorderRecordFile, recorderRecord);
	if (found?.socket === socket) await rm(recorderRecordFile, {force: true});
}
