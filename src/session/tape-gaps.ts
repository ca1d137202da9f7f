import type {JournalEntry} from './journal-entry.js';

/** The samples of a tape before which something was not recorded, in order, at the tape's rate. */
export const gapSamples = (entries: Iterable<JournalEntry>): number[] =>
	[...entries].flatMap(entry => (entry.type === 'gap' ? [entry.atSample] : [])).sort((a, b) => a - b);
