import {stringify} from 'yaml';
import {escapeMarkdown} from '../escape.js';
import {gapText} from '../gap-text.js';
import {safeLine} from '../safe-text.js';
import {clockTime, localDate, shortTime} from '../time-text.js';
import type {WallClock} from '../wall-clock.js';
import type {
	Exporter,
	ExportFormat,
	SessionInfo,
	TranscriptEnd,
	TranscriptEvent,
	TranscriptInfo,
} from './export-format.js';

/** A pause this long starts a new paragraph. */
const paragraphPauseMs = 2000;

/**
 * Markdown for people: front matter, the title, and paragraphs that begin with their time (clock time where it is known when the recording began,
 * else tape time). Captions of one paragraph stand on lines of their own, which Markdown joins.
 */
export const md: ExportFormat = {
	hasWords: false,
	create: info => exporter(`${frontMatter(info)}\n# ${escapeMarkdown(info.title)}\n`, info),
	together: {
		begin: ({title, model}) => frontMatter({title, model}),
		between: '',
		end: '',
		create: info => exporter(`\n# ${escapeMarkdown(info.title)}\n`, info),
	},
};

function exporter(head: string, info: TranscriptInfo): Exporter {
	const clock = clockOf(info);
	let lastEndMs = Number.NEGATIVE_INFINITY;
	let day = localDate(clock(0));
	/** Clock time, with the date where it is another one than before; tape time where no clock is known. */
	const label = (ms: number) => {
		const date = clock(ms);
		if (!date) return shortTime(ms);
		const isNewDay = localDate(date) !== day;
		day = localDate(date);
		return isNewDay ? `${day} ${clockTime(date)}` : clockTime(date);
	};
	return {
		begin: () => head,
		segment({text, startMs, endMs}) {
			const line = escapeMarkdown(text);
			if (line === '') return '';
			const opensParagraph = !(startMs - lastEndMs <= paragraphPauseMs);
			lastEndMs = endMs;
			return opensParagraph ? `\n**${label(startMs)}** ${line}\n` : `${line}\n`;
		},
		event(event) {
			lastEndMs = Number.NEGATIVE_INFINITY;
			return `\n${eventLine(event, label)}\n`;
		},
		end: ({durationMs, isComplete}: TranscriptEnd) =>
			isComplete ? '' : `\n*This transcript ends early, at ${shortTime(durationMs)}.*\n`,
	};
}

/** Clock time counts from the beginning where nobody looked at a clock in between. */
const clockOf =
	({clock, startedAt}: TranscriptInfo): WallClock =>
	ms =>
		clock ? clock(ms) : startedAt && new Date(startedAt.getTime() + ms);

function eventLine(event: TranscriptEvent, label: (ms: number) => string): string {
	switch (event.type) {
		case 'gap':
			return `*Before ${label(event.atMs)}: ${gapText(event)}.*`;
		case 'mark':
			return `*Mark at ${label(event.atMs)}.*`;
		case 'note':
			return `> Note at ${label(event.atMs)}: ${escapeMarkdown(event.text)}`;
	}
}

/** Every value is quoted: readers of older YAML take `no` or `12:30` for something else. */
function frontMatter(info: Pick<TranscriptInfo, 'title' | 'model'> & Partial<TranscriptInfo>): string {
	const values = {
		title: safeLine(info.title),
		...(sourceOf(info) !== undefined && {source: safeLine(sourceOf(info)!)}),
		model: safeLine(info.model.name),
		quantisation: safeLine(info.model.quantisation),
		...(info.durationMs !== undefined && {duration: shortTime(info.durationMs)}),
		...(info.startedAt && {date: info.startedAt.toISOString()}),
		...(info.session && sessionValues(info.session, clockOf(info as TranscriptInfo))),
	};
	const yaml = stringify(values, {defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0});
	return `---\n${yaml.replace(/[<>[\]]/g, escapeInYaml)}---\n`;
}

/** What was recorded by a microphone has no file of its own beside the session's. */
const sourceOf = ({sourceName, session}: Partial<TranscriptInfo>) => (session ? session.importedFrom : sourceName);

function sessionValues({id, transcriptId, models, devices, gaps, marks, lag}: SessionInfo, clock: WallClock): object {
	const label = (ms: number) => {
		const date = clock(ms);
		return date ? `${clockTime(date)} (${shortTime(ms)} on the tape)` : shortTime(ms);
	};
	return {
		session: safeLine(id),
		transcript: safeLine(transcriptId),
		...(models.length > 1 && {
			'earlier models': models.slice(0, -1).map(({name, quantisation}) => safeLine(`${name} (${quantisation})`)),
		}),
		...(devices.length > 0 && {device: safeLine(devices.join(', '))}),
		...(gaps.length > 0 && {gaps: gaps.map(gap => `${label(gap.atMs)}: ${gapText(gap)}`)}),
		...(lag && {'mean lag': seconds(lag.meanMs), 'max lag': seconds(lag.maxMs)}),
		...(marks.length > 0 && {marks: marks.map(label)}),
	};
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Markdown readers without front matter take it for text: in there, too, is neither HTML nor a link. All values are quoted, where YAML knows this escape. */
const escapeInYaml = (mark: string) => `\\x${mark.charCodeAt(0).toString(16)}`;
