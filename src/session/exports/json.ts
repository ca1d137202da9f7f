import {safeLine} from '../safe-text.js';
import type {Segment} from '../segment.js';
import type {Exporter, ExportFormat, ExportOptions, TranscriptInfo} from './export-format.js';

/** JSON for programs: one object with a `segments` array, one segment a line; with words, each segment has its `words`. Times are milliseconds of tape time. */
export const json: ExportFormat = {
	hasWords: true,
	create: (info, options) => exporter(info, options, '\n'),
	together: {
		begin: () => '[\n',
		between: ',\n',
		end: '\n]\n',
		create: (info, options) => exporter(info, options, ''),
	},
};

function exporter(info: TranscriptInfo, {withWords}: ExportOptions, tail: string): Exporter {
	let separator = '';
	return {
		begin: () => `${JSON.stringify(head(info)).slice(0, -1)},"segments":[\n`,
		segment(segment) {
			const line = `${separator}${JSON.stringify(segmentJson(segment, withWords))}`;
			separator = ',\n';
			return line;
		},
		end: ({durationMs, isComplete}) => `\n],"durationMs":${Math.round(durationMs)},"isComplete":${isComplete}}${tail}`,
	};
}

const head = ({title, sourceName, model, startedAt}: TranscriptInfo) => ({
	title: safeLine(title),
	source: safeLine(sourceName),
	model: {name: safeLine(model.name), quantisation: safeLine(model.quantisation)},
	...(startedAt && {startedAt: startedAt.toISOString()}),
});

/** A segment as it stands in JSON, in a transcript and in an event. */
export const segmentJson = ({segmentId, startMs, endMs, text, words}: Segment, withWords: boolean) => ({
	segmentId,
	startMs: Math.round(startMs),
	endMs: Math.round(endMs),
	text: safeLine(text),
	...(withWords && {
		words: words.map(word => ({
			text: safeLine(word.text),
			startMs: Math.round(word.startMs),
			endMs: Math.round(word.endMs),
		})),
	}),
});
