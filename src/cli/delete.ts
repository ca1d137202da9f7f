import {Command} from 'commander';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption delete last
  pi-caption delete 2026-11-25_09-30-00_a1b2 --yes

Audio, captions and transcripts of the session are deleted for good. Asks before, unless --yes is given.
Exit codes: 0 deleted, 1 failed or not deleted, 2 wrong usage.`;

/** `pi-caption delete`: a session for good. */
export function deleteCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('delete')
		.summary('delete a session for good')
		.description('Deletes a session for good: audio, captions and transcripts.')
		.argument('<session>', 'id, beginning of an id, `last`, or title')
		.option('-y, --yes', 'do not ask')
		.addHelpText('after', examples)
		.action(async (wanted: string, {yes}: {yes?: true}) => {
			const {print, readSession} = await import('./saved-sessions.js');
			const {deleteSession} = await import('../session/delete-session.js');
			const {refuseClaimed} = await import('../session/session-claim.js');
			const {isAgreed} = await import('./is-agreed.js');
			const session = await readSession(host, wanted);
			refuseClaimed(session.folder);
			const name = `${session.id} "${safeLine(session.title)}" (${shortTime(session.durationMs)}, ${session.nWords} words)`;
			if (!yes) {
				if (!(await isAgreed(`Delete ${name} for good?`, `add --yes to delete ${name}`, host))) {
					host.stderr.write('Not deleted.\n');
					end(exitCode.failed);
					return;
				}
			}
			await deleteSession(session.folder);
			end(await print(host, `Deleted ${name}.\n`));
		});
}
