import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import {threads} from './transcribe.js';

const examples = `
Examples:
  pi-caption demo           as it would be spoken, half a minute
  pi-caption demo --fast    as fast as this machine can

Needs no network, no microphone and no sound card: nothing is played aloud.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

/** `pi-caption demo`: its flags. What they do is loaded when it is run. */
export function demoCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('demo')
		.summary('see live captions of two recordings that come with pi-caption')
		.description(
			'Captions two short recordings that come with pi-caption, at speaking pace: a synthetic voice that the embedded model knows, ' +
				'and a human voice that it never heard. Then says how many words were wrong in each.',
		)
		.option('--fast', 'do not wait for the speech')
		.option('-t, --threads <n>', 'cores for the model (default: all but one)', threads)
		.addHelpText('after', examples)
		.action(async (flags: {fast?: true; threads?: number}) => {
			const {showDemo} = await import('./show-demo.js');
			end(await showDemo({isPaced: flags.fast !== true, threads: flags.threads}, host));
		});
}
