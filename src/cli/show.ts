import {Command} from 'commander';
import {gapText} from '../session/gap-text.js';
import {safeLine} from '../session/safe-text.js';
import {clockTime, localDate, shortTime} from '../session/time-text.js';
import type {Transcript, TranscriptItem} from '../session/transcript.js';
import {wrapText} from '../session/wrap-text.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption show last
  pi-caption show 2026-11-25_09 --transcript embedded-1
  pi-caption show "Weekly meeting" --json | jq '.events[] | select(.type == "mark")'

SESSION is an id, the beginning of one, \`last\`, or a title that no other session has.
Exit codes: 0 done, 1 failed (also an unknown session), 2 wrong usage.`;

/** `pi-caption show`: a session on the screen. */
export function showCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('show')
		.summary('show what was said in a session')
		.description('Shows a session: what is known of it, and its captions with clock times, marks, notes and gaps.')
		.argument('<session>', 'id, beginning of an id, `last`, or title')
		.option('--transcript <id>', 'the transcript of another model, see `redo` (default: the live one)')
		.option('--json', 'everything, with the time of each word, as one JSON object')
		.addHelpText('after', examples)
		.action(async (wanted: string, {transcript: id, json}: {transcript?: string; json?: true}) => {
			const {print, readSession} = await import('./saved-sessions.js');
			const {loadTranscript, transcriptIds} = await import('../session/transcript.js');
			const {folder, state} = await readSession(host, wanted);
			const transcript = await loadTranscript(folder, id);
			if (json) {
				const {exportSession} = await import('../session/export-session.js');
				end(await print(host, exportSession(transcript, 'json', {withWords: true})));
				return;
			}
			const columns = Math.min(host.stdout.columns ?? readableColumns, readableColumns);
			end(await print(host, page(transcript, state, await transcriptIds(folder), columns)));
		});
}

const readableColumns = 100;

function page(transcript: Transcript, state: string, ids: readonly string[], columns: number): string {
	const {record, transcriptId, models, devices, durationMs, nWords, items, lag, clock, folder, nDamaged} = transcript;
	const began = clock(0) ?? new Date(record.startedAt);
	const facts: [string, string | undefined][] = [
		['Session', record.id],
		['Began', `${localDate(began)} ${clockTime(began)}`],
		['Length', `${shortTime(durationMs)}, ${nWords} words, ${state}`],
		['Model', models.map(({name, quantisation}) => `${name} (${quantisation})`).join(', ')],
		['Transcript', ids.length > 1 ? `${transcriptId} (of ${ids.join(', ')})` : undefined],
		['Microphone', devices.join(', ')],
		['Imported', record.importedFrom],
		['Lag', lag && `${(lag.meanMs / 1000).toFixed(1)} s mean, ${(lag.maxMs / 1000).toFixed(1)} s at most`],
		['Audio', record.isAudioDeleted ? 'deleted after the transcript was written' : undefined],
		['Damage', nDamaged > 0 ? `${nDamaged} lines of the journal cannot be read` : undefined],
		['Folder', folder],
	];
	const head = facts.flatMap(([name, text]) => (text ? [`${name.padEnd(11)}${safeLine(text)}`] : []));
	const label = (ms: number) => {
		const date = clock(ms);
		return date ? clockTime(date) : shortTime(ms);
	};
	const body = items.flatMap(item => {
		const margin = `${label(item.type === 'segment' ? item.segment.startMs : item.atMs).padStart(8)}  `;
		const lines = wrapText(safeLine(itemText(item)), Math.max(20, columns - margin.length));
		return lines.map((line, i) => (i === 0 ? margin : ' '.repeat(margin.length)) + line);
	});
	return [safeLine(record.title), '', ...head, '', ...body].map(line => `${line}\n`).join('');
}

function itemText(item: TranscriptItem): string {
	switch (item.type) {
		case 'segment':
			return item.segment.text;
		case 'gap':
			return `[${gapText(item)}]`;
		case 'mark':
			return '[mark]';
		case 'note':
			return `[note: ${item.text}]`;
	}
}
