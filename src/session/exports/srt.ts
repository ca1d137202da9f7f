import {createCueMaker} from '../cues.js';
import {escapeSubRip} from '../escape.js';
import {timestamp} from '../time-text.js';
import type {ExportFormat} from './export-format.js';

/** SubRip, in tape time. It has no place for the model's name or for the times of words. */
export const srt: ExportFormat = {
	hasWords: false,
	create() {
		const cuesOf = createCueMaker();
		let nCues = 0;
		return {
			begin: () => '',
			segment: segment =>
				cuesOf(segment)
					.map(({startMs, endMs, lines}) => {
						const text = lines.map(words => escapeSubRip(words.map(word => word.text).join(' '))).join('\n');
						return `${++nCues}\n${timestamp(startMs, ',')} --> ${timestamp(endMs, ',')}\n${text}\n\n`;
					})
					.join(''),
			// Nobody spoke these, and SubRip has no comments.
			event: () => '',
			end: () => '',
		};
	},
};
