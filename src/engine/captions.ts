import type {Segment, Word} from '../session/segment.js';
import {PauseDetector} from './pause-detector.js';
import type {WordEvent} from './words.js';

/** How captions are timed: one position is `frameMs` of audio, and text is late by `delayMs`. */
export type CaptionClock = {frameMs: number; delayMs: number};

/**
 * One decoded position: what it spells, and whether the frame that it heard is quiet. `noWordProbability`: that no word comes within the next two seconds, where
 * the model has a VAD that is worth something.
 */
export type CaptionInput = {position: number; event: WordEvent; isQuiet: boolean; noWordProbability?: number};

type CaptionOutput = {type: 'partial' | 'final'; segment: Segment};

/** A pause in quiet closes a caption this early; no word began in that time, and nothing is to be heard in it. */
const quietPauseMs = 480;
/** Quiet for so long may be a pause: worth a preview of the last words, which can be taken back. */
const previewPauseMs = 240;
/** A pause in noise or music, where only the missing words tell. */
const anyPauseMs = 1200;
/** From this length on a sentence end closes the caption, and from the hard limit any word end does. */
const sentenceAfterMs = 8000;
const hardLimitMs = 15_000;
/** A word that never ends (a model gone astray) is cut, so that a caption stays bounded. */
const wordLimitMs = 5000;
/** How long a word goes on after its last piece where no next word tells its end. */
export const wordTailMs = 240;

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
	#position = 0;
	#lastTextPosition = 0;
	#quiet: boolean[] = [];
	/** How many of the newest frames are quiet, without a louder one between them. */
	#quietRun = 0;
	#pauseDetector: PauseDetector | undefined;
	#preview: {text: string; lastPosition: number} | undefined;

	constructor(clock: CaptionClock, emit: (output: CaptionOutput) => void) {
		this.#clock = clock;
		this.#emit = emit;
	}

	/** Takes one position in; positions come in order, from 0 after `restart`. */
	push({position, event, isQuiet, noWordProbability}: CaptionInput): void {
		this.#position = position;
		this.#quiet.push(isQuiet);
		if (this.#quiet.length > this.#heardFrames) this.#quiet.shift();
		this.#quietRun = isQuiet ? this.#quietRun + 1 : 0;
		if (noWordProbability !== undefined) {
			this.#pauseDetector ??= new PauseDetector();
			this.#pauseDetector.push(position, noWordProbability);
		}
		if (event.kind === 'pause') {
			if (this.#words.length > 0 && this.#isPauseEnd(position)) this.close();
			else if (this.#preview && position >= this.#preview.lastPosition) this.#show(position);
			return;
		}

		const last = this.#words.at(-1);
		const startMs = this.#timeMs(position);
		if (last && !isGrowing(last, event, startMs) && this.#isFull(last, startMs)) this.close();
		this.#write(this.#words, position, event);
		this.#lastTextPosition = position;
		this.#show(position);
	}

	/** Where a pause began that is still on and whose last words may not be written yet; undefined where there is none, or no open line. */
	get unwrittenPause(): number | undefined {
		const since = this.#pauseSince;
		if (since === undefined || this.#words.length === 0) return undefined;
		return this.#position < since + this.#delayFrames ? since : undefined;
	}

	/**
	 * Shows what `inputs`, positions that follow the last one, would add to the open line. Nothing but the partial changes: the words are expected to come again, and what
	 * then comes otherwise replaces them.
	 */
	preview(inputs: readonly CaptionInput[]): void {
		if (this.#words.length === 0) return;
		const words = structuredClone(this.#words);
		for (const {position, event} of inputs) if (event.kind !== 'pause') this.#write(words, position, event);
		const segment = this.#segment(words);
		if (segment.text === this.#segment().text) return;
		this.#preview = {text: segment.text, lastPosition: inputs.at(-1)!.position};
		this.#emit({type: 'partial', segment});
	}

	/** Closes the open line: its text is final. */
	close(): void {
		this.#preview = undefined;
		if (this.#words.length === 0) return;
		this.#emit({type: 'final', segment: this.#segment()});
		this.#words = [];
		this.#segmentId++;
	}

	/** Positions count from 0 again, and position 0 is at `originMs` of tape time. Segment ids go on. */
	restart(originMs: number): void {
		this.close();
		this.#originMs = originMs;
		this.#position = 0;
		this.#lastTextPosition = 0;
		this.#quiet = [];
		this.#quietRun = 0;
		this.#pauseDetector = undefined;
	}

	/** Adds what position `position` spells to `words`. */
	#write(words: OpenWord[], position: number, event: WordEvent & {kind: 'starts' | 'grows'}): void {
		const startMs = this.#timeMs(position);
		const last = words.at(-1);
		if (last && isGrowing(last, event, startMs)) {
			last.text += event.text;
			last.lastPosition = position;
		} else {
			words.push({text: event.text, startMs, lastPosition: position});
		}
	}

	/** Shows the open line, unless a preview of it is on and was not contradicted yet. */
	#show(position: number): void {
		const segment = this.#segment();
		if (this.#preview) {
			const {text, lastPosition} = this.#preview;
			if (position < lastPosition && segment.text !== text && text.startsWith(segment.text)) return;
			this.#preview = undefined;
		}
		this.#emit({type: 'partial', segment});
	}

	/** Where the newest pause began, as far as it is heard and not yet written; undefined while there is none. */
	get #pauseSince(): number | undefined {
		if (this.#pauseDetector) return this.#pauseDetector.since;
		return this.#quietRun * this.#clock.frameMs >= previewPauseMs ? this.#position - this.#quietRun + 1 : undefined;
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

	/** At `position` every word that began before `position` − delay is written, so the pause must have begun there. */
	#isPauseEnd(position: number): boolean {
		const pauseMs = (position - this.#lastTextPosition) * this.#clock.frameMs;
		if (pauseMs >= anyPauseMs) return true;
		if (this.#pauseDetector) {
			const {since} = this.#pauseDetector;
			const writtenAt = since === undefined ? Number.POSITIVE_INFINITY : since + this.#delayFrames;
			// Words that come later still show that it was no pause.
			return position >= writtenAt && this.#lastTextPosition <= writtenAt;
		}
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

	#segment(openWords: readonly OpenWord[] = this.#words): Segment {
		const words: Word[] = openWords.map((word, i) => {
			const tailEndMs = this.#timeMs(word.lastPosition + 1) + wordTailMs;
			const nextStartMs = openWords[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
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

const isGrowing = (last: OpenWord, event: WordEvent, startMs: number) =>
	event.kind === 'grows' && startMs - last.startMs < wordLimitMs;
