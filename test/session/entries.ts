import type {JournalEntry} from '../../src/session/journal-entry.js';
import {spoken} from './segments.js';

/** The `i`th of a journal's entries: finals mostly, with marks, notes and gaps between them. Every one says its number. */
export function numberedEntry(i: number): JournalEntry {
	const at = {atSample: i * 24_000, wallMs: 1_764_000_000_000 + i * 1000};
	if (i % 7 === 3) return {type: 'mark', ...at};
	if (i % 7 === 5) return {type: 'note', ...at, text: `note ${i} "ü"`};
	if (i % 7 === 6) return {type: 'gap', ...at, lostMs: 1500, why: 'paused'};
	return {type: 'final', ...at, segment: spoken(i, i * 1000, `Caption number ${i} — ü 👩‍👩‍👧.`), lagMs: 400};
}

/** The first `count` entries. */
export const numberedEntries = (count: number): JournalEntry[] =>
	Array.from({length: count}, (_, i) => numberedEntry(i));
