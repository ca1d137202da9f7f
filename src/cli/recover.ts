import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import {threads} from './transcribe.js';

const examples = `
Examples:
  pi-caption recover              every session that was interrupted
  pi-caption recover last

A recording that was not stopped properly is made whole: the header of its audio is closed, what was heard and not yet
captioned is captioned, and the transcript is written. No caption changes and nothing is deleted. Ctrl+C keeps what was
captioned so far, and the next \`recover\` goes on there.
Exit codes: 0 done, 1 failed (also one session of several), 2 wrong usage, 130 interrupted.`;

type Flags = {model?: string; threads?: number};

/** `pi-caption recover`: sessions that were interrupted. */
export function recoverCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('recover')
		.summary('make sessions whole that were interrupted')
		.description('Makes sessions whole that were interrupted: by a power cut, a crash, a kill.')
		.argument('[session]', 'id, beginning of an id, `last`, or title (default: all that were interrupted)')
		.option('-m, --model <id|path>', 'model for what is not captioned yet (default: the one that the session had)')
		.option('-t, --threads <n>', 'cores for the model (default: all but one)', threads)
		.addHelpText('after', examples)
		.action(async (wanted: string | undefined, flags: Flags) => {
			const {recoverSessions} = await import('./recover-sessions.js');
			end(await recoverSessions(wanted, flags, host));
		});
}
