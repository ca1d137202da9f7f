import {findSession} from '../session/find-session.js';
import type {SessionSummary} from '../session/list-sessions.js';
import type {Settings} from '../system/settings.js';
import {createCaptionView} from '../ui/caption-view.js';
import {createCaptionOutlet, ReaderGone} from './caption-outlet.js';
import type {ExitCode} from './exit-code.js';
import {exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** The settings; what is odd in their file is said on standard error. Throws `SettingsError`. */
export async function readSettings(host: Host): Promise<Settings> {
	const {values, warnings} = await host.openSettings();
	const view = createCaptionView(host);
	for (const sentence of warnings) view.message(sentence);
	return values;
}

/** The session that `wanted` means (an id, the beginning of one, `last`, a title). Throws `SessionError`, `SettingsError`. */
export async function readSession(host: Host, wanted: string): Promise<SessionSummary & {settings: Settings}> {
	const settings = await readSettings(host);
	return {...(await findSession(settings.sessionsFolder, wanted)), settings};
}

/** Writes `text` to standard output. A reader that has gone is no failure. */
export async function print(host: Host, text: string): Promise<ExitCode> {
	const view = createCaptionView(host, {wraps: false});
	const outlet = createCaptionOutlet(view);
	try {
		await outlet.write(text, text);
	} catch (error) {
		if (!(error instanceof ReaderGone)) throw error;
	} finally {
		view.close();
	}
	return outlet.hasFailed ? exitCode.failed : exitCode.done;
}
