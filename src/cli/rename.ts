import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption rename last "Weekly meeting"
  pi-caption rename 2026-11-25_09 "Interview with Anna"

The title changes, in the transcript too; the id and the folder stay as they are.
Exit codes: 0 done, 1 failed (also an unknown session), 2 wrong usage.`;

/** `pi-caption rename`: another title for a session. */
export function renameCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('rename')
		.summary('give a session another title')
		.description('Gives a session another title.')
		.argument('<session>', 'id, beginning of an id, `last`, or title')
		.argument('<title>', 'its new title')
		.addHelpText('after', examples)
		.action(async (wanted: string, title: string) => {
			const {print, readSession} = await import('./saved-sessions.js');
			const {renameSession} = await import('../session/rename-session.js');
			const {folder, id} = await readSession(host, wanted);
			const renamed = await renameSession(folder, title);
			end(await print(host, `${id} is now "${renamed}".\n`));
		});
}
