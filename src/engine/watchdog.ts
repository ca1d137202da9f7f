import {shortTime} from '../session/time-text.js';
import type {HeardFrame} from './quiet.js';

/** So much speech without one word, and the model has gone astray: Kyutai's 1B is known to fall silent for long (specs: kyutai-stt §6.9). */
const speechMs = 12_000;
/** Whoever is silent for so long has stopped speaking. */
const silenceMs = 3000;
/** The level of speech goes up and down from frame to frame, with syllables; that of a fan or of rain does not. */
const minDeviationDb = 3;
/** What sounds like speech and never gives a word may be music: each time it is believed half as soon, down to this. */
const maxPatience = 16;

/** Notices that speech is heard and no words come. */
export class Watchdog {
	readonly #frameMs: number;
	#patience = 1;
	#loudFrames = 0;
	#quietFrames = 0;
	#sumDb = 0;
	#sumSquaresDb = 0;

	constructor(frameMs: number) {
		this.#frameMs = frameMs;
	}

	/** Takes one frame in and whether a piece of text came with it; true where the model should start anew. */
	push({isQuiet, levelDb}: HeardFrame, isText: boolean): boolean {
		if (isText) {
			this.#patience = 1;
			this.reset();
			return false;
		}
		if (isQuiet) {
			if (++this.#quietFrames * this.#frameMs >= silenceMs) this.reset();
			return false;
		}
		this.#quietFrames = 0;
		this.#loudFrames++;
		this.#sumDb += levelDb;
		this.#sumSquaresDb += levelDb ** 2;
		if (this.#loudFrames * this.#frameMs < speechMs * this.#patience || !this.#isModulated) return false;
		this.#patience = Math.min(2 * this.#patience, maxPatience);
		this.reset();
		return true;
	}

	/** Forgets what was heard, but not how often it was wrong. */
	reset(): void {
		this.#loudFrames = 0;
		this.#quietFrames = 0;
		this.#sumDb = 0;
		this.#sumSquaresDb = 0;
	}

	get #isModulated(): boolean {
		const mean = this.#sumDb / this.#loudFrames;
		return this.#sumSquaresDb / this.#loudFrames - mean ** 2 >= minDeviationDb ** 2;
	}
}

/** What to tell people when the model started anew behind `positionMs` of the tape. */
export const restartSentence = (positionMs: number): string =>
	`The model wrote no word of the speech before ${shortTime(positionMs)} and was started anew there.`;
