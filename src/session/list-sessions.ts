import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {claimants} from './session-claim.js';
import {readSessionRecord} from './session-folder.js';
import type {SessionRecord} from './session-record.js';
import {loadTranscript} from './transcript.js';

/**
 * How a session stands. `recording`: a process works on it. `interrupted`: nobody does and it was not stopped: it wants recovery. `damaged`: its `session.json` cannot be read.
 */
export type SessionState = 'recording' | 'stopped' | 'interrupted' | 'damaged';

/** A session as a list shows it. Its title is untrusted. */
export type SessionSummary = {
	id: string;
	folder: string;
	title: string;
	/** ISO 8601. */
	startedAt: string;
	state: SessionState;
	durationMs: number;
	nWords: number;
	importedFrom?: string;
	isAudioDeleted: boolean;
};

const idPattern = /^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_[0-9a-f]{4}$/;

/** Folders in `sessionsFolder` that are named as sessions are, newest first; none where it does not exist. */
export async function sessionIds(sessionsFolder: string): Promise<string[]> {
	try {
		const names = await readdir(sessionsFolder);
		return names
			.filter(name => idPattern.test(name))
			.sort()
			.reverse();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
}

/** The sessions in `sessionsFolder`, newest first. One that is damaged is in the list too. Throws what the system says where the folder cannot be read. */
export async function listSessions(sessionsFolder: string): Promise<SessionSummary[]> {
	const summaries: SessionSummary[] = [];
	for (const id of await sessionIds(sessionsFolder)) summaries.push(await summarise(path.join(sessionsFolder, id)));
	return summaries;
}

/** What a list says of the session at `folder`. */
export async function summarise(folder: string): Promise<SessionSummary> {
	const id = path.basename(folder);
	try {
		const record = await readSessionRecord(folder);
		const {durationMs, nWords} = await lengthOf(folder, record);
		return {
			id,
			folder,
			title: record.title,
			startedAt: record.startedAt,
			state: stateOf(folder, record),
			durationMs,
			nWords,
			...(record.importedFrom !== undefined && {importedFrom: record.importedFrom}),
			isAudioDeleted: record.isAudioDeleted === true,
		};
	} catch {
		return {id, folder, title: '', startedAt: '', state: 'damaged', durationMs: 0, nWords: 0, isAudioDeleted: false};
	}
}

/** How the session at `folder` stands. */
export function stateOf(folder: string, {state}: SessionRecord): SessionState {
	if (state === 'stopped') return 'stopped';
	return claimants(folder).length > 0 ? 'recording' : 'interrupted';
}

/** A stopped session says its length itself; of another the journal is read. */
async function lengthOf(
	folder: string,
	{state, tape, nWords}: SessionRecord,
): Promise<{durationMs: number; nWords: number}> {
	if (state === 'stopped' && tape && nWords !== undefined) {
		return {durationMs: (tape.nSamples * 1000) / tape.sampleRate, nWords};
	}
	return loadTranscript(folder);
}
