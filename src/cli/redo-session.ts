import {existsSync} from 'node:fs';
import path from 'node:path';
import {writeTranscript} from '../session/finish-session.js';
import {continueJournal} from '../session/journal.js';
import {loadJournal} from '../session/journal-reader.js';
import {SessionError} from '../session/session-error.js';
import {readSessionRecord} from '../session/session-folder.js';
import {sessionFiles} from '../session/session-record.js';
import {shortTime} from '../session/time-text.js';
import {loadTranscript, redoJournalFile, transcriptIds} from '../session/transcript.js';
import {type ChosenModel, chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {print, readSession} from './saved-sessions.js';
import {transcribeTape, warnOfDemo, workOn} from './session-work.js';

/** The flags of `redo`. */
export type RedoOptions = {model: string; threads?: number; modelsDir?: string};

/**
 * Captions the tape of a stopped session again with another model, behind every other program, into a transcript of its own: the first one stays as it is. One that was interrupted is gone on with.
 * Throws `SessionError`, `EngineError`, `UsageError`.
 */
export async function redoSession(wanted: string, options: RedoOptions, host: Host): Promise<ExitCode> {
	const {id, folder} = await readSession(host, wanted);
	const model = await chooseModel(options.model, options.modelsDir);
	await refuseUnready(folder, id);
	host.giveWay();
	return workOn(folder, host, async view => {
		warnOfDemo(model, host, view);
		const transcriptId = await idFor(folder, model);
		const {entries: recorded} = await loadJournal(path.join(folder, sessionFiles.journal));
		const {writer, journal} = await continueJournal(path.join(folder, redoJournalFile(transcriptId)));
		const {threads} = options;
		const known = journal.entries;
		const transcription = {
			folder,
			model,
			threads,
			recorded,
			journal: writer,
			known,
			why: 'redone',
			label: transcriptId,
		};
		try {
			if (!(await transcribeTape(transcription, host, view))) {
				view.message(`Interrupted; the same command goes on with transcript ${transcriptId}.`);
				return exitCode.interrupted;
			}
		} finally {
			await writer.close();
		}
		const transcript = await loadTranscript(folder, transcriptId);
		const file = await writeTranscript(transcript);
		view.close();
		return print(
			host,
			`${id}: transcript ${transcriptId}, ${shortTime(transcript.durationMs)} with ${transcript.nWords} words: ${file}\n`,
		);
	});
}

async function refuseUnready(folder: string, id: string): Promise<void> {
	const {state, isAudioDeleted} = await readSessionRecord(folder);
	if (isAudioDeleted || !existsSync(path.join(folder, sessionFiles.tape))) {
		const why = isAudioDeleted ? 'its audio was deleted after the transcript was written' : 'it has no audio';
		throw new SessionError('not-found', `Session ${id} cannot be captioned again: ${why}.`);
	}
	if (state !== 'stopped') {
		throw new SessionError(
			'refused',
			`Session ${id} was not stopped: stop it, or run \`pi-caption recover ${id}\` where it was interrupted.`,
		);
	}
}

/** `model-1`, or the next free number; where the last of this model was not finished, its id. */
async function idFor(folder: string, {manifest}: ChosenModel): Promise<string> {
	const taken = await transcriptIds(folder);
	for (let number = 1; ; number++) {
		const id = `${manifest.id}-${number}`;
		if (!taken.includes(id)) return id;
		const {entries} = await loadJournal(path.join(folder, redoJournalFile(id)));
		const isDone = entries.some(entry => entry.type === 'state' && entry.state === 'stopped');
		const begun = entries.find(entry => entry.type === 'model');
		if (!isDone && (!begun || begun.quantisation === manifest.quantisation)) return id;
	}
}
