import {gapText} from '../../session/gap-text.js';
import type {JournalEntry} from '../../session/journal-entry.js';
import {safeLine} from '../../session/safe-text.js';
import {shortTime} from '../../session/time-text.js';

/** What the captions' screen shows of one journal entry: all texts are safe. */
export type Item = {
	/** Same for the same entry, from the journal and from the recorder. */
	key: string;
	kind: 'final' | 'gap' | 'mark' | 'note' | 'event';
	/** Tape time. */
	atMs: number;
	text: string;
	/** The disk has not taken it. */
	isUnsaved: boolean;
};

/** How an entry of a tape of `tapeRate` Hz is shown; undefined for entries that say nothing to a reader. */
export function captionItem(entry: JournalEntry, tapeRate: number, isUnsaved = false): Item | undefined {
	const shown = shownText(entry);
	if (!shown || shown.text === '') return undefined;
	const atMs = entry.type === 'final' ? entry.segment.startMs : (entry.atSample / tapeRate) * 1000;
	return {...shown, key: entryKey(entry), atMs, isUnsaved};
}

/** Tells entries of one journal apart. */
export function entryKey(entry: JournalEntry): string {
	return entry.type === 'final'
		? `final ${entry.segment.segmentId} ${entry.atSample}`
		: `${entry.type} ${entry.atSample} ${entry.wallMs}`;
}

function shownText(entry: JournalEntry): Pick<Item, 'kind' | 'text'> | undefined {
	switch (entry.type) {
		case 'final':
			return {kind: 'final', text: safeLine(entry.segment.text)};
		case 'gap':
			return {kind: 'gap', text: gapText(entry)};
		case 'mark':
			return {kind: 'mark', text: 'mark'};
		case 'note':
			return {kind: 'note', text: safeLine(entry.text)};
		case 'model':
			return {kind: 'event', text: safeLine(`model: ${entry.name}, ${entry.quantisation}`)};
		case 'device':
			return {kind: 'event', text: safeLine(`microphone: ${entry.name}`)};
		case 'state': {
			const words = {recording: 'recording', paused: 'paused', stopped: 'recording stopped'}[entry.state];
			return {kind: 'event', text: safeLine(entry.why === undefined ? words : `${words}: ${entry.why}`)};
		}
		default:
			return undefined;
	}
}

/** `0.4 s`, `12 s`, `1:05 min`, `1:02:03 h`. */
export function spanOfTime(ms: number): string {
	const whole = Math.max(0, ms);
	if (whole < 950) return `${(Math.ceil(whole / 100) / 10).toFixed(1)} s`;
	if (whole < 59_500) return `${Math.round(whole / 1000)} s`;
	return `${shortTime(whole)} ${whole < 3_600_000 ? 'min' : 'h'}`;
}
