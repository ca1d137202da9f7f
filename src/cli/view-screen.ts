import type {RecorderClient} from '../recorder/recorder-client.js';
import {safeLine} from '../session/safe-text.js';
import {endSentences, showLive} from '../ui/live/show-live.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {modelAdvice} from './model-advice.js';

/**
 * Shows the live screen of `client` as the settings say, and prints where the transcript is when it was left. Throws `SettingsError`.
 */
export async function viewScreen(client: RecorderClient, host: Host): Promise<ExitCode> {
	const settings = await host.openSettings();
	const {theme, textSize, keys, bell, sessionsFolder} = settings.values;
	const end = await showLive(client, {
		stdin: host.stdin as NodeJS.ReadStream,
		stdout: host.stdout,
		env: host.env,
		signal: host.signal,
		atExit: action => host.atExit(action),
		look: {theme, textSize},
		keys,
		hasBell: bell,
		sessionsFolder,
		advice: await modelAdvice(),
		saveLook(look) {
			settings.set('theme', look.theme);
			settings.set('textSize', look.textSize);
		},
	});
	for (const warning of settings.warnings) host.stderr.write(`${safeLine(warning)}\n`);
	for (const sentence of endSentences(end)) host.stdout.write(`${safeLine(sentence)}\n`);
	return host.signal.aborted ? exitCode.interrupted : exitCode.done;
}
