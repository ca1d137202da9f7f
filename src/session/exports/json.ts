import {safeLine} from '../safe-text.js';
import type {Segment} from '../segment.js';
import type {Exporter, ExportFormat, ExportOptions, TranscriptEvent, TranscriptInfo} from './export-format.js';

/**
 * JSON for programs: one object with a `segments` array, one segment a line; with words, each segment has its `words`. Times are milliseconds of tape time; where the clock is known, `clock` says
 * when that was. A session's marks, notes and gaps stand in `events`.
 */
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
	const events: object[] = [];
	const {clock} = info;
	const when = (ms: number) => {
		const date = clock?.(ms);
		return date && {clock: date.toISOString()};
	};
	return {
		begin: () => `${JSON.stringify(head(info)).slice(0, -1)},"segments":[\n`,
		segment(segment) {
			const line = `${separator}${JSON.stringify({...segmentJson(segment, withWords), ...when(segment.startMs)})}`;
			separator = ',\n';
			return line;
		},
		event(event) {
			events.push({...eventJson(event), ...when(event.atMs)});
			return '';
		},
		end({durationMs, isComplete}) {
			const rest = info.session ? `,"events":${JSON.stringify(events)}` : '';
			return `\n]${rest},"durationMs":${Math.round(durationMs)},"isComplete":${isComplete}}${tail}`;
		},
	};
}

const head = ({title, sourceName, model, startedAt, session}: TranscriptInfo) => ({
	title: safeLine(title),
	source: safeLine(sourceName),
	model: modelJson(model),
	...(startedAt && {startedAt: startedAt.toISOString()}),
	...(session && {
		session: safeLine(session.id),
		transcript: safeLine(session.transcriptId),
		...(session.importedFrom !== undefined && {importedFrom: safeLine(session.importedFrom)}),
		models: session.models.map(model => ({id: safeLine(model.id), ...modelJson(model)})),
		devices: session.devices.map(safeLine),
		lagMs: session.lag ? {mean: Math.round(session.lag.meanMs), max: Math.round(session.lag.maxMs)} : null,
	}),
});

const modelJson = ({name, quantisation}: TranscriptInfo['model']) => ({
	name: safeLine(name),
	quantisation: safeLine(quantisation),
});

const eventJson = (event: TranscriptEvent) => {
	const {type} = event;
	const atMs = Math.round(event.atMs);
	switch (event.type) {
		case 'gap':
			return {type, atMs, lostMs: Math.round(event.lostMs), why: event.why};
		case 'note':
			return {type, atMs, text: safeLine(event.text)};
		case 'mark':
			return {type, atMs};
	}
};

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
