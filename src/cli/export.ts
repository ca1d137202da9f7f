import {statSync} from 'node:fs';
import path from 'node:path';
import {Command, Option} from 'commander';
import type {FormatName} from '../session/exports/formats.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const formats: FormatName[] = ['md', 'srt', 'vtt', 'txt', 'json'];

const examples = `
Examples:
  pi-caption export last > minutes.md
  pi-caption export last --format srt --output talk.srt
  pi-caption export 2026-11-25_09 --format vtt --words --output subtitles/
  pi-caption export last --transcript embedded-1 --format txt

SESSION is an id, the beginning of one, \`last\`, or a title that no other session has. Markdown has clock times, subtitles
the time of the tape. A session that goes on is exported as far as it is.
Exit codes: 0 done, 1 failed (also an unknown session), 2 wrong usage.`;

type Flags = {format: FormatName; output?: string; words?: true; transcript?: string};

/** `pi-caption export`: a session's transcript as a file for others. */
export function exportCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('export')
		.summary('write the transcript of a session in another format')
		.description('Writes the transcript of a session as Markdown, SubRip, WebVTT, plain text or JSON.')
		.argument('<session>', 'id, beginning of an id, `last`, or title')
		.addOption(new Option('-f, --format <format>', 'form of the transcript').choices(formats).default('md'))
		.option('-o, --output <path>', 'write to this file, or into this folder (default: standard output)')
		.option('-w, --words', 'the time of each word too (txt, vtt, json)')
		.option('--transcript <id>', 'the transcript of another model, see `redo` (default: the live one)')
		.addHelpText('after', examples)
		.action(async (wanted: string, flags: Flags) => {
			const [{UsageError}, {exportFormats}, {exportSession}, {loadTranscript}, {print, readSession}] =
				await Promise.all([
					import('./usage-error.js'),
					import('../session/exports/formats.js'),
					import('../session/export-session.js'),
					import('../session/transcript.js'),
					import('./saved-sessions.js'),
				]);
			const withWords = flags.words === true;
			if (withWords && !exportFormats[flags.format].hasWords) {
				throw new UsageError(`--words has no place in ${flags.format}: use it with txt, vtt or json.`);
			}
			const {id, folder} = await readSession(host, wanted);
			const transcript = await loadTranscript(folder, flags.transcript);
			const text = exportSession(transcript, flags.format, {withWords});
			if (flags.output === undefined) {
				end(await print(host, text));
				return;
			}
			const name = [id, ...(flags.transcript === undefined ? [] : [flags.transcript])].join('-');
			await writeWhole(fileFor(flags.output, `${name}.${flags.format}`), text);
		});
}

/** `output` itself, or `name` in it where it is a folder or is written like one. */
const fileFor = (output: string, name: string) =>
	output.endsWith('/') || statSync(output, {throwIfNoEntry: false})?.isDirectory() ? path.join(output, name) : output;

async function writeWhole(file: string, text: string): Promise<void> {
	const {OutputFile} = await import('./output-file.js');
	const output = new OutputFile(file);
	try {
		output.write(text);
		output.complete();
	} catch (error) {
		output.discard();
		throw error;
	}
}
