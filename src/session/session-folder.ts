import {randomBytes} from 'node:crypto';
import {mkdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {writeAtomically} from '../system/atomic-file.js';
import {syncFolder} from '../system/sync-folder.js';
import {SessionError} from './session-error.js';
import {type SessionRecord, sessionFiles, sessionRecord} from './session-record.js';
import {fileTime} from './time-text.js';

/** A session on disk: its folder and what `session.json` says. */
export type SessionFolder = {folder: string; record: SessionRecord};

/** What a new session is. */
export type NewSession = {title: string; startedAt?: Date; importedFrom?: string};

/**
 * Makes the folder of a new session in `sessionsFolder`, for its owner alone, with its `session.json`; both are on the medium, names included. The state is `recording`.
 * Throws what the system says.
 */
export async function createSession(
	sessionsFolder: string,
	{title, startedAt = new Date(), importedFrom}: NewSession,
): Promise<SessionFolder> {
	await makeFolder(sessionsFolder);
	for (;;) {
		const id = `${fileTime(startedAt)}_${randomBytes(2).toString('hex')}`;
		const folder = path.join(sessionsFolder, id);
		try {
			await mkdir(folder, {mode: 0o700});
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
			throw error;
		}
		const record: SessionRecord = {
			formatVersion: 1,
			id,
			title,
			startedAt: startedAt.toISOString(),
			state: 'recording',
			...(importedFrom !== undefined && {importedFrom}),
		};
		await writeSessionRecord(folder, record);
		await syncFolder(sessionsFolder);
		return {folder, record};
	}
}

/** Reads `session.json` of the session at `folder`. Throws `SessionError` where there is none or it is damaged. */
export async function readSessionRecord(folder: string): Promise<SessionRecord> {
	const file = path.join(folder, sessionFiles.record);
	let text: string;
	try {
		text = await readFile(file, 'utf8');
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') {
			throw new SessionError('not-found', `${folder} is no session: it has no ${sessionFiles.record}.`, {cause: error});
		}
		throw error;
	}
	const parsed = sessionRecord.safeParse(jsonOf(text));
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new SessionError(
		'damaged',
		`${file} is damaged (${issue?.path.join('.') || 'the whole'}: ${issue?.message}): recording and captions beside it are not.`,
	);
}

/** Writes `session.json` whole, or leaves the earlier one. Throws what the system says. */
export function writeSessionRecord(folder: string, record: SessionRecord): Promise<void> {
	return writeAtomically(path.join(folder, sessionFiles.record), `${JSON.stringify(record, undefined, '\t')}\n`);
}

/** Makes `folder` and those above it that are missing, for their owner alone, with their names on the medium. */
async function makeFolder(folder: string): Promise<void> {
	const first = await mkdir(folder, {recursive: true, mode: 0o700});
	for (let made = folder; first !== undefined; made = path.dirname(made)) {
		await syncFolder(path.dirname(made));
		if (made === first) return;
	}
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
