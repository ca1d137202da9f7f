import type {Segment, Word} from '../session/segment.js';
import type {WordEvent} from './words.js';

/** How captions are timed: one position is `frameMs` of audio, and text is late by `delayMs`. */
export type CaptionClock = {frameMs: number; delayMs: number};

/** One decoded position: what it spells, and whether the frame that it heard is quiet. */
export type CaptionInput = {position: number; event: WordEvent; isQuiet: boolean};

type CaptionOutput = {type: 'partial' | 'final'; segment: Segment};

/** A pause in quiet closes a caption this early; no word began in that time, and nothing is to be heard in it. */
const quietPauseMs = 480;
/** A pause in noise or music, where only the missing words tell. */
const anyPauseMs = 1200;
/** From this length on a sentence end closes the caption, and from the hard limit any word end does. */
const sentenceAfterMs = 8000;
const hardLimitMs = 15_000;
/** A word that never ends (a model gone astray) is cut, so that a caption stays bounded. */
const wordLimitMs = 5000;
/** How long a word goes on after its last piece where no next word tells its end. */
const wordTailMs = 240;

const sentenceEnd = /[.!?…。！？]["'”’»)\]]*$/u;

/**
 * Turns decoded positions into captions: the open line, replaced as it grows, and the closed ones, which never change. A function of the positions alone,
 * so the captions do not depend on how the audio was cut or how many frames a call took.
 */
export class CaptionAssembler {
	readonly #clock: CaptionClock;
	readonly #emit: (output: CaptionOutput) => void;
	#originMs = 0;
	#segmentId = 0;
	#words: OpenWord[] = [];
	#lastTextPosition = 0;
	#quiet: boolean[] = [];

	constructor(clock: CaptionClock, emit: (output: CaptionOutput) => void) {
		this.#clock = clock;
		this.#emit = emit;
	}

	/** Takes one position in; positions come in order, from 0 after `restart`. */
	push({position, event, isQuiet}: CaptionInput): void {
		this.#quiet.push(isQuiet);
		if (this.#quiet.length > this.#heardFrames) this.#quiet.shift();
		if (event.kind === 'pause') {
			if (this.#words.length > 0 && this.#isPauseEnd(position)) this.close();
			return;
		}

		const startMs = this.#timeMs(position);
		const last = this.#words.at(-1);
		if (last && event.kind === 'grows' && startMs - last.startMs < wordLimitMs) {
			last.text += event.text;
			last.lastPosition = position;
		} else {
			if (last && this.#isFull(last, startMs)) this.close();
			this.#words.push({text: event.text, startMs, lastPosition: position});
		}
		this.#lastTextPosition = position;
		this.#emit({type: 'partial', segment: this.#segment()});
	}

	/** Closes the open line: its text is final. */
	close(): void {
		if (this.#words.length === 0) return;
		this.#emit({type: 'final', segment: this.#segment()});
		this.#words = [];
		this.#segmentId++;
	}

	/** Positions count from 0 again, and position 0 is at `originMs` of tape time. Segment ids go on. */
	restart(originMs: number): void {
		this.close();
		this.#originMs = originMs;
		this.#lastTextPosition = 0;
		this.#quiet = [];
	}

	/** How many frames back a pause is looked for: what no word can begin in any more, behind the delay. */
	get #heardFrames(): number {
		return this.#delayFrames + this.#quietPauseFrames;
	}

	get #delayFrames(): number {
		return Math.round(this.#clock.delayMs / this.#clock.frameMs);
	}

	get #quietPauseFrames(): number {
		return Math.round(quietPauseMs / this.#clock.frameMs);
	}

	/** At `position` every word that began before `position` − delay is written, so the quiet must lie there. */
	#isPauseEnd(position: number): boolean {
		const pauseMs = (position - this.#lastTextPosition) * this.#clock.frameMs;
		if (pauseMs >= anyPauseMs) return true;
		return (
			pauseMs >= quietPauseMs &&
			this.#quiet.length === this.#heardFrames &&
			this.#quiet.slice(0, this.#quietPauseFrames).every(isQuiet => isQuiet)
		);
	}

	#isFull(last: OpenWord, nextStartMs: number): boolean {
		const lengthMs = nextStartMs - this.#words[0]!.startMs;
		return lengthMs >= hardLimitMs || (lengthMs >= sentenceAfterMs && sentenceEnd.test(last.text));
	}

	#timeMs(position: number): number {
		const {frameMs, delayMs} = this.#clock;
		return this.#originMs + Math.max(0, Math.round(position * frameMs - delayMs));
	}

	#segment(): Segment {
		const words: Word[] = this.#words.map((word, i) => {
			const tailEndMs = this.#timeMs(word.lastPosition + 1) + wordTailMs;
			const nextStartMs = this.#words[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
			return {text: word.text, startMs: word.startMs, endMs: Math.min(tailEndMs, nextStartMs)};
		});
		return {
			segmentId: this.#segmentId,
			text: words.map(word => word.text).join(' '),
			startMs: words[0]!.startMs,
			endMs: words.at(-1)!.endMs,
			words,
		};
	}
}

type OpenWord = {text: string; startMs: number; lastPosition: number};
