import type {RecorderEvent} from './recorder-client.js';

/** The tape at one moment: wall clock of a steady kind in ms, and how much it held. */
export type TapeMoment = {atMs: number; tapeMs: number};

/** How captions are late in a model: what the pipeline adds is counted without it. */
export type ModelClock = {delayMs: number; frameMs: number; wordTailMs: number};

/** What a viewer measured of a live session. */
export type LiveFigures = {
	/** For each time the open line grew: from the moment when the last sample that its newest word piece needed was on the tape, to its arrival here. */
	pipelineLagsMs: number[];
	/** For each final: the same from its last word, so the pause that ends a caption is in it. */
	finalLagsMs: number[];
	/** Words that were shown and taken back or spelled otherwise, and words of finals: flicker is their ratio (normalized erasure). A word that grows is not taken back. */
	withdrawnWords: number;
	finalWords: number;
};

/** Measures what arrives at a viewer against when it reached the tape. */
export class LiveMeter {
	readonly figures: LiveFigures = {pipelineLagsMs: [], finalLagsMs: [], withdrawnWords: 0, finalWords: 0};
	readonly #clock: ModelClock;
	readonly #moments: TapeMoment[] = [];
	#open: {segmentId: number; words: string[]} = {segmentId: -1, words: []};

	constructor(clock: ModelClock) {
		this.#clock = clock;
	}

	/** The tape was looked at; moments come in order. */
	sawTape(moment: TapeMoment): void {
		this.#moments.push(moment);
	}

	/** `event` arrived at `atMs`. */
	heard(event: RecorderEvent, atMs: number): void {
		if (event.type === 'open' && event.segment) {
			const {segmentId, text, endMs} = event.segment;
			if (this.#shows(segmentId, text)) this.#addLag(this.figures.pipelineLagsMs, endMs, atMs);
		} else if (event.type === 'entry' && event.entry.type === 'final') {
			const {segmentId, text, endMs, words} = event.entry.segment;
			this.#shows(segmentId, text);
			this.figures.finalWords += words.length;
			this.#addLag(this.figures.finalLagsMs, endMs, atMs);
		}
	}

	/** Counts what is taken back; whether the text is new. */
	#shows(segmentId: number, text: string): boolean {
		const words = text.split(' ').filter(Boolean);
		const before = segmentId === this.#open.segmentId ? this.#open.words : [];
		this.#open = {segmentId, words};
		const kept = before.findIndex((word, i) => !(words[i] ?? '').startsWith(word));
		if (kept >= 0) this.figures.withdrawnWords += before.length - kept;
		return words.join(' ') !== before.join(' ');
	}

	/** A word that ends at `endMs` by its tail was written at the position that hears the frame before its piece's own. */
	#addLag(lags: number[], endMs: number, atMs: number): void {
		const {delayMs, frameMs, wordTailMs} = this.#clock;
		const neededMs = endMs - wordTailMs + delayMs - frameMs;
		const reached = this.#moments.find(({tapeMs}) => tapeMs >= neededMs);
		if (reached) lags.push(Math.max(0, atMs - reached.atMs));
	}
}

/** The value below which `share` of `values` lie; NaN where there are none. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
