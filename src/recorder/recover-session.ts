import path from 'node:path';
import {finishSession} from '../session/finish-session.js';
import {continueJournal} from '../session/journal.js';
import type {JournalEntry} from '../session/journal-entry.js';
import {claimSession} from '../session/session-claim.js';
import {readSessionRecord} from '../session/session-folder.js';
import {sessionFiles} from '../session/session-record.js';
import {gapSamples} from '../session/tape-gaps.js';
import type {Settings} from '../system/settings.js';
import {closeTape} from './close-tape.js';
import {SessionCaptions} from './session-captions.js';
import {modelOfJournal} from './session-model.js';

/** What came of a recovery. `nFinals`: captions of what was on the tape and had none. */
export type Recovered = {
	folder: string;
	title: string;
	/** When the session was broken off: the last moment that the journal knows, in milliseconds since 1970. */
	lastWallMs: number | undefined;
	tapeMs: number;
	nFinals: number;
	/** Whether all of the tape is captioned now. */
	isComplete: boolean;
};

/**
 * Closes the session at `folder`, which nobody works on any more: repairs tape and journal, captions the end of the tape that the journal does not have, writes the transcript. Nothing is deleted.
 * Aborting leaves it as far as it came; called again it goes on. Throws `SessionError`, and what the system says.
 */
export async function recoverSession(folder: string, settings: Settings, signal: AbortSignal): Promise<Recovered> {
	const release = claimSession(folder);
	try {
		const record = await readSessionRecord(folder);
		const {writer, journal} = await continueJournal(path.join(folder, sessionFiles.journal));
		const {entries} = journal;
		const lastWallMs = entries.at(-1)?.wallMs;
		const tape = await closeTape(folder);
		const tapeMs = tape ? (tape.nSamples * 1000) / tape.sampleRate : 0;
		let nFinals = 0;
		let isComplete = true;
		let isAborted = false;
		try {
			if (tape) {
				const model = await modelOfJournal(entries, settings);
				if (!entries.some(entry => entry.type === 'model')) {
					const {id, name, quantisation} = model.info;
					const {framesPerCall} = model.engine;
					void writer.append({type: 'model', atSample: 0, wallMs: Date.now(), id, name, quantisation, framesPerCall});
				}
				const captions = new SessionCaptions({
					folder,
					engine: model.engine,
					entries,
					gaps: gapSamples(entries),
					isGrowing: () => false,
					onState: () => {},
					onOpen: () => {},
					onFinal: segment => {
						nFinals++;
						const atSample = Math.round((segment.endMs * tape.sampleRate) / 1000);
						void writer.append({type: 'final', atSample, wallMs: Date.now(), segment});
					},
				});
				const abort = () => captions.abort();
				signal.addEventListener('abort', abort, {once: true});
				if (signal.aborted) abort();
				isComplete = await captions.done;
				signal.removeEventListener('abort', abort);
			}
			isAborted = signal.aborted;
			if (!isAborted) void writer.append(stopped(tape?.nSamples ?? 0));
		} finally {
			await writer.close();
		}
		if (!isAborted) await finishSession(folder);
		return {folder, title: record.title, lastWallMs, tapeMs, nFinals, isComplete: isComplete && !isAborted};
	} finally {
		release();
	}
}

const stopped = (atSample: number): JournalEntry => ({
	type: 'state',
	atSample,
	wallMs: Date.now(),
	state: 'stopped',
	why: 'It was broken off, and recovered later.',
});
