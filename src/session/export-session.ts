import type {ExportOptions, TranscriptInfo} from './exports/export-format.js';
import {exportTranscript, type FormatName} from './exports/formats.js';
import type {Transcript} from './transcript.js';

/** A session's transcript in one of the formats. */
export function exportSession(transcript: Transcript, format: FormatName, options?: ExportOptions): string {
	const {items, durationMs, isComplete} = transcript;
	const parts = items.map(item => (item.type === 'segment' ? item.segment : item));
	return exportTranscript(format, parts, transcriptInfo(transcript), {durationMs, isComplete}, options);
}

/** What a session's transcript says of itself. */
export function transcriptInfo(transcript: Transcript): TranscriptInfo {
	const {record, transcriptId, items, models, devices, durationMs, lag, clock} = transcript;
	const {name, quantisation} = models.at(-1) ?? {name: 'none', quantisation: 'none'};
	return {
		title: record.title,
		sourceName: record.importedFrom ?? record.title,
		model: {name, quantisation},
		durationMs,
		// A clock that was set later knows better than the one that the session began with.
		startedAt: clock(0) ?? new Date(record.startedAt),
		clock,
		session: {
			id: record.id,
			transcriptId,
			...(record.importedFrom !== undefined && {importedFrom: record.importedFrom}),
			models,
			devices,
			gaps: items.filter(item => item.type === 'gap'),
			marks: items.filter(item => item.type === 'mark').map(({atMs}) => atMs),
			...(lag && {lag}),
		},
	};
}
