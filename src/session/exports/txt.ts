import {safeLine} from '../safe-text.js';
import {timestamp} from '../time-text.js';
import {eventText} from './event-text.js';
import type {Exporter, ExportFormat, ExportOptions, TranscriptInfo} from './export-format.js';

/** Plain text: one caption a line; with words, one word a line as `start`, `end` and word with tabs between. A session's marks, notes and gaps stand in brackets. */
export const txt: ExportFormat = {
	hasWords: true,
	create: (_info, options) => exporter('', options),
	together: {
		begin: () => '',
		between: '\n',
		end: '',
		create: (info, options) => exporter(header(info), options),
	},
};

const header = ({sourceName}: TranscriptInfo) => `== ${safeLine(sourceName)} ==\n`;

const exporter = (head: string, {withWords}: ExportOptions): Exporter => ({
	begin: () => head,
	segment({text, words}) {
		if (!withWords) return line(safeLine(text));
		return words.map(word => line(wordLine(word.startMs, word.endMs, safeLine(word.text)))).join('');
	},
	event(event) {
		const text = `[${safeLine(eventText(event))}]`;
		return line(withWords ? wordLine(event.atMs, event.atMs, text) : text);
	},
	end: () => '',
});

const line = (text: string) => (text === '' ? '' : `${text}\n`);

const wordLine = (startMs: number, endMs: number, text: string) =>
	text === '' ? '' : `${timestamp(startMs, '.')}\t${timestamp(endMs, '.')}\t${text}`;
