import {Command} from 'commander';
import type {SessionSummary} from '../session/list-sessions.js';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption sessions
  pi-caption sessions --json | jq -r '.[] | select(.state == "interrupted") | .id'

States: recording; stopped; interrupted (\`pi-caption recover\` goes on with it); damaged (its session.json cannot be read).
Exit codes: 0 done, 1 failed, 2 wrong usage.`;

/** `pi-caption sessions`: what was recorded, newest first. */
export function sessionsCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('sessions')
		.summary('list what was recorded')
		.description(
			'Lists the sessions, newest first: id, length, words, state, title. The id begins with the date and time.',
		)
		.option('--json', 'a JSON array')
		.addHelpText('after', examples)
		.action(async ({json}: {json?: true}) => {
			const {print, readSettings} = await import('./saved-sessions.js');
			const {listSessions} = await import('../session/list-sessions.js');
			const sessions = await listSessions((await readSettings(host)).sessionsFolder);
			end(await print(host, json ? jsonList(sessions) : table(sessions)));
		});
}

function jsonList(sessions: readonly SessionSummary[]): string {
	if (sessions.length === 0) return '[]\n';
	const lines = sessions.map(({title, durationMs, importedFrom, ...session}) =>
		JSON.stringify({
			...session,
			title: safeLine(title),
			durationMs: Math.round(durationMs),
			...(importedFrom !== undefined && {importedFrom: safeLine(importedFrom)}),
		}),
	);
	return `[\n${lines.join(',\n')}\n]\n`;
}

function table(sessions: readonly SessionSummary[]): string {
	if (sessions.length === 0) return 'No sessions yet.\n';
	const rows = sessions.map(({id, durationMs, nWords, state, title}) => [
		id,
		shortTime(durationMs).padStart(8),
		String(nWords).padStart(7),
		state.padEnd(11),
		safeLine(title),
	]);
	const header = [
		'SESSION'.padEnd(rows[0]![0]!.length),
		'LENGTH'.padStart(8),
		'WORDS'.padStart(7),
		'STATE'.padEnd(11),
		'TITLE',
	];
	return [header, ...rows].map(row => `${row.join('  ').trimEnd()}\n`).join('');
}
