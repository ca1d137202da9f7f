import type {GapReason} from '../journal-entry.js';
import type {Segment} from '../segment.js';
import type {WallClock} from '../wall-clock.js';

/** What a transcript says of itself. All texts are untrusted. */
export type TranscriptInfo = {
	title: string;
	/** The recording: a file name, or what else was heard. */
	sourceName: string;
	/** Every transcript names the model that it comes from. */
	model: {name: string; quantisation: string};
	/** Length of the recording, where it is known before the first segment. */
	durationMs?: number;
	/** When the recording began, where that is known. */
	startedAt?: Date;
	/** When a moment of the tape was: Markdown then shows clock time. @default from `startedAt` on */
	clock?: WallClock;
	/** What a session knows beside: front matter and JSON have it. */
	session?: SessionInfo;
};

/** What a session knows of its recording. All texts are untrusted; times are milliseconds of tape time. */
export type SessionInfo = {
	id: string;
	/** `live`, or the id of a `redo`. */
	transcriptId: string;
	/** Set where the session was made from a recording. */
	importedFrom?: string;
	/** All models that wrote; the last one is `model`. */
	models: {id: string; name: string; quantisation: string}[];
	devices: string[];
	gaps: {atMs: number; lostMs: number; why: GapReason}[];
	marks: number[];
	lag?: {meanMs: number; maxMs: number};
};

/** What stands between the segments of a session. Times are milliseconds of tape time; the note's text is untrusted. */
export type TranscriptEvent =
	/** Before `atMs` so much was not recorded. */
	| {type: 'gap'; atMs: number; lostMs: number; why: GapReason}
	| {type: 'mark'; atMs: number}
	| {type: 'note'; atMs: number; text: string};

/** How a transcript ended: how much was heard, and whether that was all. */
export type TranscriptEnd = {durationMs: number; isComplete: boolean};

/** `withWords`: the time of each word too. */
export type ExportOptions = {withWords: boolean};

/** Writes one transcript piece by piece: `begin`, `segment` and `event` for each in order, `end`. What was written is never taken back. */
export type Exporter = {
	begin(): string;
	segment(segment: Segment): string;
	event(event: TranscriptEvent): string;
	end(end: TranscriptEnd): string;
};

/**
 * A format that a transcript can have. `together` puts several transcripts into one document; formats whose times belong to one recording lack it.
 */
export type ExportFormat = {
	/** Whether it can hold the times of words. */
	readonly hasWords: boolean;
	create(info: TranscriptInfo, options: ExportOptions): Exporter;
	readonly together?: {
		/** Before the first, between two, after the last. */
		begin(info: Pick<TranscriptInfo, 'title' | 'model'>): string;
		readonly between: string;
		readonly end: string;
		/** One transcript among others. */
		create(info: TranscriptInfo, options: ExportOptions): Exporter;
	};
};
