import {type Cue, createCueMaker} from '../cues.js';
import {escapeHtml} from '../escape.js';
import {timestamp} from '../time-text.js';
import {eventText} from './event-text.js';
import type {ExportFormat} from './export-format.js';

/** WebVTT, in tape time; with words, each word after the cue's first carries its time (`<00:00:01.000>`), which players show as they are spoken. */
export const vtt: ExportFormat = {
	hasWords: true,
	create({sourceName, model}, {withWords}) {
		const cuesOf = createCueMaker();
		return {
			begin: () =>
				`WEBVTT\n\nNOTE ${escapeHtml(`Captions of ${sourceName} by ${model.name} (${model.quantisation})`)}\n\n`,
			segment: segment =>
				cuesOf(segment)
					.map(cue => {
						const times = `${timestamp(cue.startMs, '.')} --> ${timestamp(cue.endMs, '.')}`;
						return `${times}\n${withWords ? timedText(cue) : plainText(cue)}\n\n`;
					})
					.join(''),
			event: event => `NOTE ${timestamp(event.atMs, '.')} ${escapeHtml(eventText(event))}\n\n`,
			end: () => '',
		};
	},
};

const plainText = ({lines}: Cue) => lines.map(words => words.map(word => escapeHtml(word.text)).join(' ')).join('\n');

/** WebVTT wants inline times after the cue's start, before its end, and rising. */
function timedText({startMs, endMs, lines}: Cue): string {
	let lastMs = startMs;
	return lines
		.map(words =>
			words
				.map(word => {
					const hasTime = word.startMs > lastMs && word.startMs < endMs;
					if (hasTime) lastMs = word.startMs;
					return (hasTime ? `<${timestamp(word.startMs, '.')}>` : '') + escapeHtml(word.text);
				})
				.join(' '),
		)
		.join('\n');
}
