import type {Exporter, TranscriptEnd} from '../session/exports/export-format.js';
import {safeLine} from '../session/safe-text.js';
import type {Segment} from '../session/segment.js';
import type {CaptionView} from '../ui/caption-view.js';
import type {CaptionOutlet} from './caption-outlet.js';
import {OutputFile} from './output-file.js';
import {errorSentence} from './sentence.js';

/** Writes the transcript of one recording while it is made. */
export type TranscriptWriter = {
	/** Whether a caption is written somewhere else than was asked for. */
	readonly hasFailed: boolean;
	begin(): Promise<void>;
	caption(segment: Segment): Promise<void>;
	/** Ends the transcript. What is not complete is kept as far as it goes; the returned name says where, if that is not standard output. */
	end(end: TranscriptEnd): Promise<string | undefined>;
	/** As `end`, at once and without the transcript's own ending: for a process that ends now. */
	abandon(): void;
};

/** A transcript on standard output. */
export function standardOutputWriter(exporter: Exporter, outlet: CaptionOutlet): TranscriptWriter {
	return {
		get hasFailed() {
			return outlet.hasFailed;
		},
		begin: () => outlet.write(exporter.begin()),
		caption: segment => outlet.write(exporter.segment(segment), safeLine(segment.text)),
		async end(end) {
			await outlet.write(exporter.end(end));
			return undefined;
		},
		abandon() {},
	};
}

/**
 * A transcript in the file `path`. As plain text on `outlet`, `shows` all of its captions, those that the file does not take, or none (they are there already).
 * Throws `OutputError` when the file cannot be made.
 */
export function fileWriter(
	exporter: Exporter,
	path: string,
	view: CaptionView,
	outlet: CaptionOutlet,
	shows: 'all' | 'lost' | 'none',
): TranscriptWriter {
	const file = new OutputFile(path);
	let hasFailed = false;
	let hasCaptions = false;

	const write = (text: string) => {
		if (hasFailed) return false;
		try {
			file.write(text);
			return true;
		} catch (error) {
			hasFailed = true;
			view.message(
				errorSentence(error).replace(
					/\.$/,
					shows === 'lost' ? '; the captions that it did not take are shown instead.' : '.',
				),
			);
			return false;
		}
	};
	const keep = () => {
		if (hasCaptions) return file.keepPartial();
		file.discard();
		return undefined;
	};

	return {
		get hasFailed() {
			return hasFailed;
		},
		async begin() {
			write(exporter.begin());
		},
		async caption(segment) {
			const isWritten = write(exporter.segment(segment));
			hasCaptions ||= isWritten;
			const caption = safeLine(segment.text);
			if (shows === 'all' || (shows === 'lost' && !isWritten)) await outlet.write(`${caption}\n`, caption);
		},
		async end(end) {
			const isWritten = write(exporter.end(end));
			if (isWritten && end.isComplete) {
				file.complete();
				return undefined;
			}
			const kept = keep();
			return hasFailed && kept === path ? undefined : kept;
		},
		abandon() {
			keep();
		},
	};
}
