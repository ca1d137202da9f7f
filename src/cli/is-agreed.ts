import type {Host} from './host.js';
import {UsageError} from './usage-error.js';

/** Asks a question that only a clear yes answers. `hint`: what to do where nobody can be asked. */
export async function isAgreed(question: string, hint: string, host: Host): Promise<boolean> {
	if (!host.isStdinTerminal) throw new UsageError(`Nobody can be asked here: ${hint}.`);
	return /^\s*y(es)?\s*$/i.test(await host.ask(`${question} [y/N] `));
}
