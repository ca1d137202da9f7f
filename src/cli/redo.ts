import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import {threads} from './transcribe.js';

const examples = `
Examples:
  pi-caption redo last --model kyutai-stt-1b
  pi-caption redo last --model ./my-model --threads 2
  pi-caption export last --transcript kyutai-stt-1b-1

Captions the audio of a session again with another model, behind every other program, for models that are too heavy to run
while people speak. The new transcript stands beside the first and never over it; every export names its model. Ctrl+C
keeps what was captioned, and the same command goes on with it.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

/** `pi-caption redo`: a session again, with another model. */
export function redoCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('redo')
		.summary('caption a session again, with another model')
		.description('Captions the audio of a session again with another model, into a second transcript.')
		.argument('<session>', 'id, beginning of an id, `last`, or title')
		.requiredOption('-m, --model <id|path>', 'the model')
		.option('-t, --threads <n>', 'cores for the model (default: all but one)', threads)
		.addHelpText('after', examples)
		.action(async (wanted: string, flags: {model: string; threads?: number}) => {
			const {redoSession} = await import('./redo-session.js');
			end(await redoSession(wanted, flags, host));
		});
}
