import {recoverSession} from '../recorder/recover-session.js';
import {listSessions, type SessionSummary} from '../session/list-sessions.js';
import {readSessionRecord} from '../session/session-folder.js';
import {shortTime} from '../session/time-text.js';
import type {Settings} from '../system/settings.js';
import {createCaptionView} from '../ui/caption-view.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {print, readSession, readSettings} from './saved-sessions.js';
import {errorSentence} from './sentence.js';
import {showCaptions} from './session-work.js';

/** The flags of `recover`. */
export type RecoverOptions = {model?: string; threads?: number};

/** Recovers the session that `wanted` means, or all that are interrupted; one that fails does not stop the others. Throws `SessionError` for an unknown one. */
export async function recoverSessions(
	wanted: string | undefined,
	{model, threads}: RecoverOptions,
	host: Host,
): Promise<ExitCode> {
	const stored = await readSettings(host);
	const settings = {...stored, ...(threads !== undefined && {threads})};
	const sessions =
		wanted === undefined
			? (await listSessions(settings.sessionsFolder)).filter(({state}) => state === 'interrupted')
			: [await readSession(host, wanted)];
	if (sessions.length === 0) return print(host, 'No session was interrupted.\n');
	let code: ExitCode = exitCode.done;
	for (const session of sessions) {
		if (host.signal.aborted) return exitCode.interrupted;
		try {
			const result = await recoverOne(session, settings, model, host);
			const printed = await print(host, `${session.id}: ${result}\n`);
			if (printed !== exitCode.done) code = printed;
		} catch (error) {
			host.stderr.write(`${session.id}: ${errorSentence(error)}\n`);
			code = exitCode.failed;
		}
	}
	return host.signal.aborted ? exitCode.interrupted : code;
}

/** Recovers one session and says what was done, one sentence. */
async function recoverOne(
	{folder}: SessionSummary,
	settings: Settings,
	model: string | undefined,
	host: Host,
): Promise<string> {
	const {state} = await readSessionRecord(folder);
	if (state === 'stopped') return 'It was stopped properly: there is nothing to recover.';
	const view = createCaptionView(host);
	const forget = host.atExit(() => view.close());
	try {
		const {signal, startEngine} = host;
		const recovered = await recoverSession(folder, {settings, model, signal, startEngine, ...showCaptions(view)});
		if (!recovered) return 'Interrupted; what was captioned so far is kept, and `pi-caption recover` goes on.';
		const {tapeMs, nWords, nFinals, transcriptFile, keptAudio} = recovered;
		if (keptAudio !== undefined) view.message(keptAudio);
		return `${shortTime(tapeMs)} with ${nWords} words, ${nFinals} of its captions new: ${transcriptFile}`;
	} finally {
		view.close();
		forget();
	}
}
