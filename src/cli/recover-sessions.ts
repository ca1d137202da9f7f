import {existsSync} from 'node:fs';
import {framesPerCall, recordingLatency} from '../engine/latency.js';
import {finishSession} from '../session/finish-session.js';
import {continueJournal} from '../session/journal.js';
import {listSessions, type SessionSummary} from '../session/list-sessions.js';
import {readSessionRecord} from '../session/session-folder.js';
import {repairTape} from '../session/tape.js';
import {tapeExtent} from '../session/tape-file.js';
import {shortTime} from '../session/time-text.js';
import type {CaptionView} from '../ui/caption-view.js';
import {append, captionTape} from './caption-tape.js';
import {chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {print, readSession, readSettings} from './saved-sessions.js';
import {errorSentence} from './sentence.js';
import {filesOf, modelEntry, warnOfDemo, withEngine, workOn} from './session-work.js';

/** The flags of `recover`. */
export type RecoverOptions = {model?: string; threads?: number; modelsDir?: string};

/** Recovers the session that `wanted` means, or all that are interrupted; one that fails does not stop the others. Throws `SessionError` for an unknown one. */
export async function recoverSessions(
	wanted: string | undefined,
	options: RecoverOptions,
	host: Host,
): Promise<ExitCode> {
	const settings = await readSettings(host);
	const sessions =
		wanted === undefined
			? (await listSessions(settings.sessionsFolder)).filter(({state}) => state === 'interrupted')
			: [await readSession(host, wanted)];
	if (sessions.length === 0) return print(host, 'No session was interrupted.\n');
	let code: ExitCode = exitCode.done;
	for (const session of sessions) {
		if (host.signal.aborted) return exitCode.interrupted;
		try {
			const result = await recoverOne(
				session,
				{...options, model: options.model ?? settings.model},
				settings.keepAudio,
				host,
			);
			const printed = await print(host, `${session.id}: ${result}\n`);
			if (printed !== exitCode.done) code = printed;
		} catch (error) {
			host.stderr.write(`${session.id}: ${errorSentence(error)}\n`);
			code = exitCode.failed;
		}
	}
	return host.signal.aborted ? exitCode.interrupted : code;
}

/**
 * Makes an interrupted session whole: closes the header of its tape, drops a last line of the journal that was not finished, captions what was not captioned, and writes the transcript. Deletes nothing.
 * Returns what was done, one sentence.
 */
async function recoverOne(
	{folder}: SessionSummary,
	options: RecoverOptions,
	keepAudio: 'forever' | 'until-transcribed',
	host: Host,
): Promise<string> {
	const {state} = await readSessionRecord(folder);
	if (state === 'stopped') return 'It was stopped properly: there is nothing to recover.';
	return workOn(folder, host, async view => {
		const nNew = existsSync(filesOf(folder).tape) ? await captionRest(folder, options, host, view) : 0;
		if (nNew === undefined) return 'Interrupted; what was captioned so far is kept, and `pi-caption recover` goes on.';
		const {transcript, transcriptFile, keptAudio} = await finishSession(folder, keepAudio);
		if (keptAudio) view.message(keptAudio);
		return `${shortTime(transcript.durationMs)} with ${transcript.nWords} words, ${nNew} of its captions new: ${transcriptFile}`;
	});
}

/** Captions the tape behind the last final. Returns how many finals are new; undefined where it was interrupted. */
async function captionRest(
	folder: string,
	options: RecoverOptions,
	host: Host,
	view: CaptionView,
): Promise<number | undefined> {
	const files = filesOf(folder);
	await repairTape(files.tape);
	const {writer, journal} = await continueJournal(files.journal);
	try {
		const used = journal.entries.findLast(entry => entry.type === 'model');
		const model = await chooseModel(options.model ?? used?.id, options.modelsDir);
		warnOfDemo(model, host, view);
		const calls = used?.framesPerCall ?? framesPerCall[recordingLatency];
		const {manifest} = model;
		const {nSamples} = await tapeExtent(files.tape);
		if (used?.id !== manifest.id || used.quantisation !== manifest.quantisation) {
			await append(writer, modelEntry(model, calls, lastSample(journal.entries)));
		}
		const nBefore = writer.nAppended;
		const isWhole = await withEngine(model, {threads: options.threads, calls}, host, engine =>
			captionTape({
				tapeFile: files.tape,
				gaps: journal.entries,
				known: journal.entries,
				journal: writer,
				engine,
				view,
				signal: host.signal,
			}),
		);
		if (!isWhole) return undefined;
		const nNew = writer.nAppended - nBefore;
		await append(writer, {type: 'state', atSample: nSamples, wallMs: Date.now(), state: 'stopped', why: 'recovered'});
		return nNew;
	} finally {
		await writer.close();
	}
}

const lastSample = (entries: readonly {atSample: number}[]) => entries.at(-1)?.atSample ?? 0;
