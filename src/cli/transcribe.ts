import os from 'node:os';
import {Command, InvalidArgumentError, Option} from 'commander';
import {type Latency, latencies, recordingLatency} from '../engine/latency.js';
import type {FormatName} from '../session/exports/formats.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const formats: FormatName[] = ['txt', 'md', 'srt', 'vtt', 'json'];

const examples = `
Examples:
  pi-caption transcribe talk.wav                        captions on the screen
  pi-caption transcribe talk.mp3 > talk.txt             final text into a file
  pi-caption transcribe talk.flac --format srt --output talk.srt
  pi-caption transcribe *.wav --format md --output transcripts/
  pi-caption transcribe talk.wav --format vtt --words --output talk.vtt
  arecord -q -f S16_LE -r 16000 | pi-caption transcribe - --json
  ffmpeg -i film.mkv -f s16le -ac 1 -ar 16000 - | pi-caption transcribe - --rate 16000

On a terminal the open line is marked \u203a and may still change; what scrolls away is final. Final text goes to
standard output, everything else to standard error. A file of --output gets its name when it is complete; of an
interrupted one, what was captioned so far is kept.
Exit codes: 0 done, 1 failed (also one recording of several), 2 wrong usage, 130 interrupted.`;

/** `pi-caption transcribe`: its flags. What they do is loaded when it is run. */
export function transcribeCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('transcribe')
		.summary('caption recordings')
		.description('Captions recordings: WAV, MP3, FLAC, Ogg and Opus, M4A and others where ffmpeg is installed.')
		.argument('<file...>', 'recordings; - is standard input (WAV, or raw PCM with --rate)')
		.addOption(new Option('-f, --format <format>', 'form of the transcript').choices(formats).default('txt'))
		.option('-o, --output <path>', 'write to this file, or for several recordings into this folder')
		.option('-w, --words', 'the time of each word too (txt: one word a line; vtt, json; not in md and srt)')
		.option('--json', 'events on standard output, one JSON object a line: partial, final, progress')
		.option('-m, --model <id|path>', 'model to caption with (default: the largest that is here)')
		.option('-t, --threads <n>', `cores for the model, 1 to ${cores} (default: all but one)`, threads)
		.addOption(
			new Option('--latency <latency>', 'low, balanced: shorter calls of the model, more work')
				.choices(latencies)
				.default(recordingLatency),
		)
		.option('--rate <hz>', 'standard input is raw 16-bit mono PCM (little-endian) at this rate', rate)
		.option('--realtime', 'as if it was being spoken: no faster than speech')
		.addHelpText('after', examples)
		.action(async (files: string[], flags: Flags, command: Command) => {
			const {transcribeFiles} = await import('./transcribe-files.js');
			const options = {
				format: flags.format,
				isFormatGiven: command.getOptionValueSource('format') === 'cli',
				output: flags.output,
				withWords: flags.words === true,
				asEvents: flags.json === true,
				model: flags.model,
				threads: flags.threads,
				latency: flags.latency,
				rawRate: flags.rate,
				isPaced: flags.realtime === true,
			};
			end(await transcribeFiles(files, options, host));
		});
}

type Flags = {
	format: FormatName;
	output?: string;
	words?: true;
	json?: true;
	model?: string;
	threads?: number;
	latency: Latency;
	rate?: number;
	realtime?: true;
};

const cores = os.availableParallelism();

/** Parses the value of `--threads`. */
export const threads = (text: string): number => wholeNumber(text, 1, cores);

/** Telephones begin at 8000 Hz, studios end at 192,000; the rest is a slip of the keyboard. */
const rate = (text: string) => wholeNumber(text, 4000, 384_000);

function wholeNumber(text: string, least: number, most: number): number {
	const number = Number(text);
	if (!/^\d+$/.test(text) || number < least || number > most) {
		throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
	}
	return number;
}
