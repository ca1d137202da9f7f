import path from 'node:path';
import type {EngineClient, EngineOptions} from '../engine/client.js';
import {finishSession} from '../session/finish-session.js';
import {continueJournal} from '../session/journal.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import {claimSession, dropDeadClaims, refuseClaimed} from '../session/session-claim.js';
import {readSessionRecord} from '../session/session-folder.js';
import {sessionFiles} from '../session/session-record.js';
import type {TapeExtent} from '../session/tape.js';
import type {Settings} from '../system/settings.js';
import {type CaptionWatcher, captionToEnd, keep} from './caption-to-end.js';
import {closeTape} from './close-tape.js';
import {sessionModel} from './session-model.js';

/** What came of a recovery. `nFinals`: captions of what was on the tape and had none. */
export type Recovered = {
	folder: string;
	title: string;
	/** When the session was broken off: the last moment that the journal knows, in milliseconds since 1970. */
	lastWallMs: number | undefined;
	tapeMs: number;
	nFinals: number;
	nWords: number;
	transcriptFile: string;
	/** Why the audio is still there although the settings want it deleted, one sentence. */
	keptAudio?: string;
};

/** How to recover. */
export type RecoverOptions = CaptionWatcher & {
	settings: Settings;
	signal: AbortSignal;
	/** Id or folder of the model for what has no captions yet. @default the one that the session had */
	model?: string;
	/** @default the engine in its worker */
	startEngine?(options: EngineOptions): Promise<EngineClient>;
};

/**
 * Closes the session at `folder`, which nobody works on any more: repairs tape and journal, captions the end of the tape that the journal does not have, writes the transcript, and keeps the
 * audio as the settings say. Recovery itself deletes nothing. Aborting leaves it as far as it came, and returns undefined; called again it goes on. Throws `SessionError`, `EngineError`, and what the system says.
 */
export async function recoverSession(folder: string, options: RecoverOptions): Promise<Recovered | undefined> {
	const release = claimSession(folder);
	try {
		refuseClaimed(folder);
		dropDeadClaims(folder);
		const record = await readSessionRecord(folder);
		const tape = await closeTape(folder);
		const {writer, journal} = await continueJournal(path.join(folder, sessionFiles.journal));
		let nFinals: number | undefined = 0;
		try {
			if (tape) nFinals = await captionRest(folder, tape, writer, journal.entries, options);
			if (nFinals !== undefined) await keep(writer, stopped(tape?.nSamples ?? 0));
		} finally {
			await writer.close();
		}
		if (nFinals === undefined) return undefined;
		const {transcript, transcriptFile, keptAudio} = await finishSession(folder, options.settings.keepAudio);
		return {
			folder,
			title: record.title,
			lastWallMs: journal.entries.at(-1)?.wallMs,
			tapeMs: transcript.durationMs,
			nFinals,
			nWords: transcript.nWords,
			transcriptFile,
			...(keptAudio !== undefined && {keptAudio}),
		};
	} finally {
		release();
	}
}

/** Captions what the journal does not have. Returns how many finals are new; undefined where it was aborted. */
async function captionRest(
	folder: string,
	{sampleRate, nSamples}: TapeExtent,
	journal: JournalWriter,
	entries: readonly JournalEntry[],
	options: RecoverOptions,
): Promise<number | undefined> {
	const {settings, signal, startEngine, onOpen, onProgress} = options;
	const used = entries.findLast(entry => entry.type === 'model');
	// Nobody waits for it: rather said than captioned by a worse one.
	const model = await sessionModel(options.model ?? used?.id ?? settings.model, settings.latency, settings.threads);
	const {id, name, quantisation} = model.info;
	const framesPerCall = used?.framesPerCall ?? model.engine.framesPerCall;
	if (used?.id !== id || used.quantisation !== quantisation || used.framesPerCall !== framesPerCall) {
		const lastMs = entries.findLast(entry => entry.type === 'final')?.segment.endMs ?? 0;
		const atSample = Math.max(0, Math.min(nSamples, Math.round((lastMs * sampleRate) / 1000)));
		await keep(journal, {type: 'model', atSample, wallMs: Date.now(), id, name, quantisation, framesPerCall});
	}
	return captionToEnd({
		folder,
		engine: {...model.engine, framesPerCall},
		startEngine,
		recorded: entries,
		known: entries,
		journal,
		signal,
		onOpen,
		onProgress,
	});
}

const stopped = (atSample: number): JournalEntry => ({
	type: 'state',
	atSample,
	wallMs: Date.now(),
	state: 'stopped',
	why: 'It was broken off, and recovered later.',
});
