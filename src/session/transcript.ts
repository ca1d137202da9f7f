import {readdir} from 'node:fs/promises';
import path from 'node:path';
import type {GapReason, JournalEntry} from './journal-entry.js';
import {type Journal, loadJournal} from './journal-reader.js';
import type {Segment} from './segment.js';
import {SessionError} from './session-error.js';
import {readSessionRecord} from './session-folder.js';
import {type SessionRecord, sessionFiles} from './session-record.js';
import {tapeExtent} from './tape-file.js';
import {createWallClock, type WallClock} from './wall-clock.js';

/** What stands in a transcript, in the order of the tape. Times are milliseconds of tape time; texts are untrusted. */
export type TranscriptItem =
	| {type: 'segment'; segment: Segment}
	/** Before `atMs` so much was not recorded. */
	| {type: 'gap'; atMs: number; lostMs: number; why: GapReason}
	| {type: 'mark'; atMs: number}
	| {type: 'note'; atMs: number; text: string};

/** The model that wrote a part of a transcript. */
export type TranscriptModel = {id: string; name: string; quantisation: string};

/** A whole transcript of a session: what `journal.jsonl` says, or what another model heard on the same tape. */
export type Transcript = {
	folder: string;
	record: SessionRecord;
	/** `live`, or the id of a `redo`. */
	transcriptId: string;
	items: TranscriptItem[];
	/** In the order in which they wrote; none in an empty journal. */
	models: TranscriptModel[];
	/** Microphones, in the order in which they were used; none where a recording was imported. */
	devices: string[];
	/** Length of the tape. */
	durationMs: number;
	nWords: number;
	/** How late finals were, where that was measured. */
	lag: {meanMs: number; maxMs: number} | undefined;
	/** Whether the tape was heard to its end. */
	isComplete: boolean;
	/** Lines of the journal that cannot be read. */
	nDamaged: number;
	clock: WallClock;
};

/** Id of the transcript that was made while the session was recorded. */
export const liveTranscriptId = 'live';

const redoName = /^redo-([A-Za-z0-9._-]+)\.jsonl$/;

/** Journal of a transcript that another model made of the tape. */
export const redoJournalFile = (transcriptId: string): string => `redo-${transcriptId}.jsonl`;

/** Markdown of a transcript. */
export const markdownFile = (transcriptId: string): string =>
	transcriptId === liveTranscriptId ? sessionFiles.transcript : `transcript-${transcriptId}.md`;

/** Ids of the session's transcripts: `live`, then those of other models. */
export async function transcriptIds(folder: string): Promise<string[]> {
	const redone = (await readdir(folder)).flatMap(name => redoName.exec(name)?.[1] ?? []);
	return [liveTranscriptId, ...redone.sort()];
}

/** Reads a transcript of the session at `folder`. Throws `SessionError` where there is no such session or transcript. */
export async function loadTranscript(folder: string, transcriptId: string = liveTranscriptId): Promise<Transcript> {
	const record = await readSessionRecord(folder);
	const live = await journalOf(path.join(folder, sessionFiles.journal));
	if (transcriptId === liveTranscriptId) {
		const isComplete = record.state === 'stopped';
		return createTranscript({folder, record, transcriptId, isComplete}, live, live, await tapeOf(folder, record, live));
	}
	const ids = await transcriptIds(folder);
	if (!ids.includes(transcriptId)) {
		throw new SessionError(
			'not-found',
			`Session ${record.id} has no transcript \`${transcriptId}\`; it has ${ids.join(', ')}.`,
		);
	}
	const redone = await journalOf(path.join(folder, redoJournalFile(transcriptId)));
	const isComplete = redone.entries.some(entry => entry.type === 'state' && entry.state === 'stopped');
	return createTranscript({folder, record, transcriptId, isComplete}, live, redone, await tapeOf(folder, record, live));
}

const emptyJournal: Journal = {entries: [], endByte: 0, nDamaged: 0, isTorn: false};

/** A session that died before its first entry has no journal. */
async function journalOf(file: string): Promise<Journal> {
	try {
		return await loadJournal(file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyJournal;
		throw error;
	}
}

/** Rate and length of the session's tape, as far as they can still be told. */
export type TapeLength = {sampleRate: number; nSamples: number | undefined};

/** What is asked for first (design §2): a guess for a session that has lost everything that would tell. */
const usualRate = 24_000;

async function tapeOf(folder: string, record: SessionRecord, {entries}: Journal): Promise<TapeLength> {
	try {
		return await tapeExtent(path.join(folder, sessionFiles.tape));
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code !== 'ENOENT' && !(error instanceof SessionError)) throw error;
		if (record.tape) return record.tape;
		// A tape has the rate that its first device gave.
		const device = entries.find(entry => entry.type === 'device');
		return {sampleRate: device?.sampleRate ?? usualRate, nSamples: undefined};
	}
}

/**
 * Puts a transcript together: what happened while it was recorded from `live`, what was said from `heard`, which is the same journal or that of another model.
 */
export function createTranscript(
	head: Pick<Transcript, 'folder' | 'record' | 'transcriptId' | 'isComplete'>,
	live: Journal,
	heard: Journal,
	tape: TapeLength,
): Transcript {
	const msOf = ({atSample}: JournalEntry) => (atSample * 1000) / tape.sampleRate;
	const finals = heard.entries.filter(entry => entry.type === 'final');
	const lags = finals.flatMap(({lagMs}) => lagMs ?? []);
	const lastMs = Math.max(0, ...live.entries.map(msOf), ...finals.map(({segment}) => segment.endMs));
	return {
		...head,
		items: inOrder(
			finals.map(({segment}) => segment),
			live.entries.flatMap(entry => eventOf(entry, msOf(entry))),
		),
		models: distinct(
			heard.entries.flatMap(entry =>
				entry.type === 'model' ? [{id: entry.id, name: entry.name, quantisation: entry.quantisation}] : [],
			),
			model => `${model.id} ${model.quantisation}`,
		),
		devices: distinct(
			live.entries.flatMap(entry => (entry.type === 'device' ? [entry.name] : [])),
			name => name,
		),
		durationMs: tape.nSamples === undefined ? lastMs : (tape.nSamples * 1000) / tape.sampleRate,
		nWords: finals.reduce((sum, {segment}) => sum + nWordsOf(segment), 0),
		lag:
			lags.length === 0
				? undefined
				: {
						meanMs: lags.reduce((sum, lagMs) => sum + lagMs, 0) / lags.length,
						maxMs: lags.reduce((a, b) => Math.max(a, b)),
					},
		nDamaged: heard === live ? live.nDamaged : live.nDamaged + heard.nDamaged,
		clock: createWallClock(live.entries, tape.sampleRate),
	};
}

type EventItem = Exclude<TranscriptItem, {type: 'segment'}>;

function eventOf(entry: JournalEntry, atMs: number): EventItem[] {
	switch (entry.type) {
		case 'gap':
			return [{type: 'gap', atMs, lostMs: entry.lostMs, why: entry.why}];
		case 'mark':
			return [{type: 'mark', atMs}];
		case 'note':
			return [{type: 'note', atMs, text: entry.text}];
		default:
			return [];
	}
}

/** Each event stands behind the segments that began before it: a mark is made when something has been said. */
function inOrder(segments: readonly Segment[], events: readonly EventItem[]): TranscriptItem[] {
	const sorted = [...events].sort((a, b) => a.atMs - b.atMs);
	const items: TranscriptItem[] = [];
	let nPlaced = 0;
	for (const segment of segments) {
		while (nPlaced < sorted.length && sorted[nPlaced]!.atMs <= segment.startMs) items.push(sorted[nPlaced++]!);
		items.push({type: 'segment', segment});
	}
	return [...items, ...sorted.slice(nPlaced)];
}

const nWordsOf = ({words, text}: Segment) =>
	words.length > 0 ? words.length : text.split(/\s+/).filter(word => word !== '').length;

/** The first of each kind. */
function distinct<Item>(items: readonly Item[], kind: (item: Item) => string): Item[] {
	return [...new Map(items.toReversed().map(item => [kind(item), item])).values()].toReversed();
}
