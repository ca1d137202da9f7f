import type {Segment} from '../segment.js';
import type {ExportFormat, ExportOptions, TranscriptEnd, TranscriptEvent, TranscriptInfo} from './export-format.js';
import {json} from './json.js';
import {md} from './md.js';
import {srt} from './srt.js';
import {txt} from './txt.js';
import {vtt} from './vtt.js';

/** Every format by its name, which is also the ending of its files. */
export const exportFormats = {txt, md, srt, vtt, json} satisfies Record<string, ExportFormat>;

/** Name of a format. */
export type FormatName = keyof typeof exportFormats;

/** A whole transcript as text: segments and what stands between them, in order. */
export function exportTranscript(
	format: FormatName,
	items: Iterable<Segment | TranscriptEvent>,
	info: TranscriptInfo,
	end: TranscriptEnd,
	options: ExportOptions = {withWords: false},
): string {
	const exporter = exportFormats[format].create(info, options);
	const texts = [exporter.begin()];
	for (const item of items) texts.push('type' in item ? exporter.event(item) : exporter.segment(item));
	texts.push(exporter.end(end));
	return texts.join('');
}
