import {stringify} from 'yaml';
import {escapeMarkdown} from '../escape.js';
import {safeLine} from '../safe-text.js';
import {shortTime} from '../time-text.js';
import type {Exporter, ExportFormat, TranscriptEnd, TranscriptInfo} from './export-format.js';

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

function exporter(head: string, {startedAt}: TranscriptInfo): Exporter {
	let lastEndMs = Number.NEGATIVE_INFINITY;
	return {
		begin: () => head,
		segment({text, startMs, endMs}) {
			const line = escapeMarkdown(text);
			if (line === '') return '';
			const opensParagraph = !(startMs - lastEndMs <= paragraphPauseMs);
			lastEndMs = endMs;
			return opensParagraph ? `\n**${timeLabel(startMs, startedAt)}** ${line}\n` : `${line}\n`;
		},
		end: ({durationMs, isComplete}: TranscriptEnd) =>
			isComplete ? '' : `\n*This transcript ends early, at ${shortTime(durationMs)}.*\n`,
	};
}

/** Every value is quoted: readers of older YAML take `no` or `12:30` for something else. */
function frontMatter(info: Pick<TranscriptInfo, 'title' | 'model'> & Partial<TranscriptInfo>): string {
	const values = {
		title: safeLine(info.title),
		...(info.sourceName !== undefined && {source: safeLine(info.sourceName)}),
		model: safeLine(info.model.name),
		quantisation: safeLine(info.model.quantisation),
		...(info.durationMs !== undefined && {duration: shortTime(info.durationMs)}),
		...(info.startedAt && {date: info.startedAt.toISOString()}),
	};
	const yaml = stringify(values, {defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0});
	return `---\n${yaml.replace(/[<>[\]]/g, escapeInYaml)}---\n`;
}

/** Markdown readers without front matter take it for text: in there, too, is neither HTML nor a link. All values are quoted, where YAML knows this escape. */
const escapeInYaml = (mark: string) => `\\x${mark.charCodeAt(0).toString(16)}`;

const timeLabel = (ms: number, startedAt: Date | undefined) =>
	startedAt ? new Date(startedAt.getTime() + ms).toTimeString().slice(0, 8) : shortTime(ms);
