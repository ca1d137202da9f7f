import type {Segment} from '../segment.js';

/** What a transcript says of itself. All texts are untrusted. */
export type TranscriptInfo = {
	title: string;
	/** The recording: a file name, or what else was heard. */
	sourceName: string;
	/** Every transcript names the model that it comes from. */
	model: {name: string; quantisation: string};
	/** Length of the recording, where it is known before the first segment. */
	durationMs?: number;
	/** When the recording began, where that is known: Markdown then shows clock time. */
	startedAt?: Date;
};

/** How a transcript ended: how much was heard, and whether that was all. */
export type TranscriptEnd = {durationMs: number; isComplete: boolean};

/** `withWords`: the time of each word too. */
export type ExportOptions = {withWords: boolean};

/** Writes one transcript piece by piece: `begin`, `segment` for each in order, `end`. What was written is never taken back. */
export type Exporter = {
	begin(): string;
	segment(segment: Segment): string;
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
