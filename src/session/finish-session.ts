import {readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import {writeAtomically} from '../system/atomic-file.js';
import {syncFolder} from '../system/sync-folder.js';
import {exportSession} from './export-session.js';
import {SessionError} from './session-error.js';
import {readSessionRecord, writeSessionRecord} from './session-folder.js';
import {type SessionRecord, sessionFiles} from './session-record.js';
import {tapeExtent} from './tape-file.js';
import {loadTranscript, markdownFile, type Transcript} from './transcript.js';

/** How long the audio of a session is kept: for ever, or until its transcript is written and read back. */
export type KeepAudio = 'forever' | 'until-transcribed';

/** A session that is finished. `keptAudio`: why the audio is still there although it should not be, one sentence. */
export type FinishedSession = {transcript: Transcript; transcriptFile: string; keptAudio?: string};

/**
 * Ends the session at `folder`, whose tape and journal nobody writes any more: writes `transcript.md` and reads it back, says so in `session.json`, and only then deletes the audio, where that is
 * wanted. A transcript with damage in its journal, or one that was not heard to the end of the tape, never costs the audio. Can be called again. Throws `SessionError`, or what the system says; the audio is then there.
 */
export async function finishSession(folder: string, keepAudio: KeepAudio = 'forever'): Promise<FinishedSession> {
	const transcript = {...(await loadTranscript(folder)), isComplete: true};
	const transcriptFile = await writeTranscript(transcript);
	const record: SessionRecord = {
		...(await readSessionRecord(folder)),
		state: 'stopped',
		...(await tapeOf(folder)),
		nWords: transcript.nWords,
	};
	await writeSessionRecord(folder, record);
	if (keepAudio === 'forever' || record.isAudioDeleted) return {transcript, transcriptFile};
	if (transcript.nDamaged > 0) {
		const keptAudio = `The audio of ${record.id} was kept: ${transcript.nDamaged} lines of its journal are damaged, and the audio has what they said.`;
		return {transcript, transcriptFile, keptAudio};
	}
	await deleteAudio(folder, record);
	return {transcript, transcriptFile};
}

/** Writes the Markdown of `transcript` into its session's folder and reads it back. Returns its path. Throws `SessionError`, or what the system says. */
export async function writeTranscript(transcript: Transcript): Promise<string> {
	const file = path.join(transcript.folder, markdownFile(transcript.transcriptId));
	const text = exportSession(transcript, 'md');
	await writeAtomically(file, text);
	if ((await readFile(file, 'utf8')) !== text) {
		throw new SessionError('damaged', `${file} cannot be read back as it was written: the disk may be failing.`);
	}
	return file;
}

/** Deletes the session's audio for good and says so in `session.json`. Its name goes from the disk before the record says that it is gone. */
async function deleteAudio(folder: string, record: SessionRecord): Promise<void> {
	await rm(path.join(folder, sessionFiles.tape), {force: true, recursive: true});
	await syncFolder(folder);
	await writeSessionRecord(folder, {...record, isAudioDeleted: true});
}

async function tapeOf(folder: string): Promise<Pick<SessionRecord, 'tape'>> {
	try {
		return {tape: await tapeExtent(path.join(folder, sessionFiles.tape))};
	} catch (error) {
		// Deleted, or never begun: what the record says stays.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
		throw error;
	}
}
