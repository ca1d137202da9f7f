import path from 'node:path';
import {sessionIds} from './list-sessions.js';
import {safeLine} from './safe-text.js';
import {liveTranscriptId, loadTranscript, type Transcript, transcriptIds} from './transcript.js';

/** A place where a text was found. Texts are safe lines. */
export type SearchHit = {
	sessionId: string;
	folder: string;
	title: string;
	transcriptId: string;
	kind: 'title' | 'caption' | 'note';
	/** Place on the tape, in ms, and when that was, where it is known; a title is at its beginning. */
	atMs: number;
	clock: Date | undefined;
	/** The caption in which it begins; undefined in a title or a note. */
	segmentId: number | undefined;
	/** Caption, note or title; a hit that goes on in the next caption has both. */
	text: string;
	/** Where in `text` it was found. */
	from: number;
	to: number;
};

/** What to search. */
export type SearchOptions = {
	/** Ends the search. */
	signal?: AbortSignal;
	/** The id of one session. @default all */
	sessionId?: string;
};

/**
 * Searches titles, captions and notes of all sessions in `sessionsFolder`, newest session first, for `wanted`: words in this order, whatever their case, accents and the marks between them; the first and the last
 * may be parts of words. Captions are searched across their ends. A session that cannot be read is left out.
 */
export async function* searchSessions(
	sessionsFolder: string,
	wanted: string,
	{signal, sessionId}: SearchOptions = {},
): AsyncGenerator<SearchHit> {
	const needle = folded(wanted).text.trim();
	if (needle === '') return;
	for (const id of await sessionIds(sessionsFolder)) {
		if (sessionId !== undefined && id !== sessionId) continue;
		const folder = path.join(sessionsFolder, id);
		for (const transcriptId of await transcriptIds(folder).catch(() => [])) {
			if (signal?.aborted) return;
			const transcript = await loadTranscript(folder, transcriptId).catch(() => undefined);
			if (transcript) yield* searchTranscript(transcript, needle);
		}
	}
}

function* searchTranscript(transcript: Transcript, needle: string): Generator<SearchHit> {
	const {folder, record, transcriptId, items, clock} = transcript;
	const base = {sessionId: record.id, folder, title: safeLine(record.title), transcriptId};
	const at = (atMs: number) => ({atMs, clock: clock(atMs)});
	if (transcriptId === liveTranscriptId) {
		for (const place of places(base.title, needle)) {
			yield {...base, ...at(0), kind: 'title', segmentId: undefined, text: base.title, ...place};
		}
	}
	const segments = items.flatMap(item => (item.type === 'segment' ? [item.segment] : []));
	const texts = segments.map(({text}) => safeLine(text));
	const isFound = quicklyFolded(texts.join(' ')).includes(needle);
	for (const [i, {segmentId, startMs}] of (isFound ? segments : []).entries()) {
		const own = texts[i]!;
		const next = texts[i + 1];
		const both = next === undefined ? own : `${own} ${next}`;
		for (const {from, to} of places(both, needle)) {
			// What lies in the next one alone is found there.
			if (from >= own.length) continue;
			const isInBoth = to > own.length;
			yield {...base, ...at(startMs), kind: 'caption', segmentId, text: isInBoth ? both : own, from, to};
		}
	}
	if (transcriptId !== liveTranscriptId) return;
	for (const item of items) {
		if (item.type !== 'note') continue;
		const text = safeLine(item.text);
		for (const place of places(text, needle)) {
			yield {...base, ...at(item.atMs), kind: 'note', segmentId: undefined, text, ...place};
		}
	}
}

function* places(text: string, needle: string): Generator<{from: number; to: number}> {
	if (!quicklyFolded(text).includes(needle)) return;
	const {text: hay, starts, ends} = folded(text);
	for (let found = hay.indexOf(needle); found >= 0; found = hay.indexOf(needle, found + needle.length)) {
		yield {from: starts[found]!, to: ends[found + needle.length - 1]!};
	}
}

/** `text` as it is compared, without saying where its characters come from: most transcripts do not have what is looked for, and hours of them are folded in one go. */
const quicklyFolded = (text: string) =>
	text
		.normalize('NFKD')
		.replace(/\p{M}|['’]/gu, '')
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, ' ');

/** `text` as it is compared: letters and digits in lower case without accents, single spaces for everything else. Character i comes from `starts[i]` … `ends[i]`. */
function folded(text: string): {text: string; starts: number[]; ends: number[]} {
	let out = '';
	const starts: number[] = [];
	const ends: number[] = [];
	let index = 0;
	for (const character of text) {
		const end = index + character.length;
		const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
		// Apostrophes are within words, and people leave them out.
		const kept = /['’]/.test(character) ? '' : plain.replace(/[^\p{L}\p{N}]/gu, ' ');
		if (kept === '' && ends.length > 0 && !out.endsWith(' ')) ends[ends.length - 1] = end;
		for (const unit of kept) {
			if (unit === ' ' && (out === '' || out.endsWith(' '))) continue;
			out += unit;
			for (let i = 0; i < unit.length; i++) {
				starts.push(index);
				ends.push(end);
			}
		}
		index = end;
	}
	return {text: out, starts, ends};
}
