import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import {threads} from './transcribe.js';

const examples = `
Examples:
  pi-caption import talk.mp3
  pi-caption import interview.wav --title "Interview with Anna"

A copy of the recording is kept with its captions, as if it had been recorded here: \`show\`, \`export\`, \`search\` and
\`redo\` work on it. Ctrl+C keeps what was captioned, and \`recover\` goes on with it.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

type Flags = {title?: string; model?: string; threads?: number};

/** `pi-caption import`: a recording becomes a session. */
export function importCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('import')
		.summary('make a session of a recording')
		.description(
			'Makes a session of a recording: WAV, MP3, FLAC, Ogg and Opus, M4A and others where ffmpeg is installed.',
		)
		.argument('<file>', 'the recording')
		.option('--title <title>', "title of the session (default: the file's name)")
		.option('-m, --model <id|path>', 'model to caption with (default: the one of the settings, else the embedded one)')
		.option('-t, --threads <n>', 'cores for the model (default: all but one)', threads)
		.addHelpText('after', examples)
		.action(async (file: string, flags: Flags) => {
			const {importRecording} = await import('./import-recording.js');
			end(await importRecording(file, flags, host));
		});
}
