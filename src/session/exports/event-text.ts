import {gapText} from '../gap-text.js';
import type {TranscriptEvent} from './export-format.js';

/** What stands between the segments, in words; untrusted where it is a note. */
export function eventText(event: TranscriptEvent): string {
	switch (event.type) {
		case 'gap':
			return gapText(event);
		case 'mark':
			return 'mark';
		case 'note':
			return `note: ${event.text}`;
	}
}
