import {Command} from 'commander';
import type {SearchHit} from '../session/search.js';
import {clockTime, shortTime} from '../session/time-text.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption search budget
  pi-caption search quarterly report
  pi-caption search --session last "talk to Anna"
  pi-caption search --json budget | jq -r .sessionId | sort -u

Words are found in this order, whatever their case, their accents and the marks between them, also where one caption ends
and the next begins; the first and the last may be parts of words.
Exit codes: 0 found, 1 nothing found or failed, 2 wrong usage.`;

/** `pi-caption search`: where something was said. */
export function searchCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('search')
		.summary('find what was said, in all sessions')
		.description('Searches captions, notes and titles of all sessions, newest first.')
		.argument('<text...>', 'what was said')
		.option('--session <session>', 'search one session alone')
		.option('--json', 'a JSON object a line for each place')
		.addHelpText('after', examples)
		.action(async (texts: string[], {session, json}: {session?: string; json?: true}) => {
			const {print, readSession, readSettings} = await import('./saved-sessions.js');
			const {searchSessions} = await import('../session/search.js');
			const found = session === undefined ? undefined : await readSession(host, session);
			const {sessionsFolder} = found?.settings ?? (await readSettings(host));
			let code: ExitCode = exitCode.failed;
			let lastId = '';
			const options = {signal: host.signal, ...(found && {sessionId: found.id})};
			for await (const hit of searchSessions(sessionsFolder, texts.join(' '), options)) {
				const heading = hit.sessionId === lastId ? '' : `${lastId === '' ? '' : '\n'}${hit.sessionId}  ${hit.title}\n`;
				lastId = hit.sessionId;
				code = await print(host, json ? jsonLine(hit) : `${heading}${line(hit)}`);
				if (code !== exitCode.done) break;
			}
			if (lastId === '' && !json) host.stderr.write('Nothing found.\n');
			end(code);
		});
}

function line({kind, atMs, clock, text, transcriptId}: SearchHit): string {
	const time = kind === 'title' ? 'title' : clock ? clockTime(clock) : shortTime(atMs);
	const source = kind === 'note' ? 'note: ' : transcriptId === 'live' ? '' : `(${transcriptId}) `;
	return `${time.padStart(10)}  ${source}${text}\n`;
}

const jsonLine = ({atMs, clock, ...hit}: SearchHit) =>
	`${JSON.stringify({...hit, atMs: Math.round(atMs), ...(clock && {clock: clock.toISOString()})})}\n`;
