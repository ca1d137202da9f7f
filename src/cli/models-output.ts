import type {Scheme} from '../convert/linear.js';
import {chooseScheme, storedScheme} from '../models/machine-scheme.js';
import {createWorkView, type WorkView} from '../ui/work-view.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** What a command about models says: sentences and a progress line for people, or events for programs. */
export type ModelsOutput = WorkView & {
	/** An event for programs, as a line of JSON; nothing where people read. */
	event(event: Record<string, unknown>): void;
};

/** Runs `work` with an output of its own. An interruption says `interrupted` and is no failure. */
export async function withOutput(
	host: Host,
	{asJson, interrupted}: {asJson: boolean; interrupted: string},
	work: (output: ModelsOutput) => Promise<ExitCode>,
): Promise<ExitCode> {
	const view = createWorkView(host);
	const forget = host.atExit(() => view.close());
	const output: ModelsOutput = {
		progress: text => view.progress(asJson ? undefined : text),
		message: view.message,
		close: view.close,
		event: event => asJson && host.stdout.write(`${JSON.stringify(event)}\n`),
	};
	try {
		return await work(output);
	} catch (error) {
		if (!host.signal.aborted) throw error;
		view.close();
		output.message(interrupted);
		return exitCode.interrupted;
	} finally {
		view.close();
		forget();
	}
}

/** The scheme that was asked for, else this machine's, which is measured where that was never done. */
export async function schemeFor(wanted: Scheme | undefined, output: ModelsOutput, host: Host): Promise<Scheme> {
	if (wanted) return wanted;
	const stored = await storedScheme();
	if (stored) return stored.scheme;
	output.progress('Timing one layer in 4 and 8 bits on this machine…');
	const chosen = await chooseScheme({signal: host.signal});
	output.progress(undefined);
	output.event({type: 'scheme', ...chosen});
	output.message(schemeSentence(chosen));
	return chosen.scheme;
}

/** `One layer takes 4.1 ms in 4 bits and 6.3 ms in 8 bits on this machine: 4-bit it is.` */
export const schemeSentence = ({scheme, layerMs}: Awaited<ReturnType<typeof chooseScheme>>): string =>
	`One layer takes ${layerMs['4-bit'].toFixed(1)} ms in 4 bits and ${layerMs['8-bit'].toFixed(1)} ms in 8 bits on this machine: ${scheme} it is.`;

/** `42 %` */
export const percent = (fraction: number): string => `${Math.floor(100 * fraction)} %`;
