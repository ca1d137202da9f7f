import type {CaptionView} from '../ui/caption-view.js';
import {systemReason} from './sentence.js';

/** Whoever read standard output has gone (`| head -1`): there is nobody to caption for. */
export class ReaderGone extends Error {
	override name = 'ReaderGone';
}

/** Standard output for captions, and standard error for those that it does not take: none is lost. */
export type CaptionOutlet = {
	/** Whether a write failed. */
	readonly hasFailed: boolean;
	/** Writes `text`, which is safe; `caption` is what of it must not be lost. Throws `ReaderGone`. */
	write(text: string, caption?: string): Promise<void>;
};

/** The outlet of `view`. */
export function createCaptionOutlet(view: CaptionView): CaptionOutlet {
	let hasFailed = false;
	return {
		get hasFailed() {
			return hasFailed;
		},
		async write(text, caption = '') {
			if (!hasFailed) {
				try {
					return await view.write(text);
				} catch (error) {
					if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw new ReaderGone();
					hasFailed = true;
					view.message(`Cannot write to standard output: ${systemReason(error)}; what it did not take follows here.`);
				}
			}
			if (caption !== '') view.message(caption);
		},
	};
}
