import type {JournalEntry} from './journal-entry.js';
import type {Segment, Word} from './segment.js';

/** Where the captions of a session go on after its recorder died. */
export type ResumePoint = {
	/** The tape is fed again from this sample, at its own rate, into a fresh stream. */
	fromSample: number;
	/** The words of the journal that are heard again, in order. */
	knownWords: readonly Word[];
	/** End of the last word of the journal, in ms of tape time; 0 where there is none. */
	knownEndMs: number;
	/** Id of the next final. */
	nextSegmentId: number;
};

/** So much is heard again, so that the stream knows by then what is talked about. */
const rehearsedMs = 10_000;
/** Streams that begin a whole number of frames apart see the same frames, and so write the same words at the same times. */
const frameMs = 80;
/** A word that is heard again may stand so much earlier or later. */
const jitterMs = 400;
/** Words are compared so far back, to tell which of those around the last known one are heard again. */
const comparedMs = 2500;

/**
 * Where the captions of a journal's `entries` go on, on a tape of `tapeRate` Hz: 10 s before the end of the last word, or behind the last gap before it, where the
 * stream was fresh too.
 */
export function resumePoint(entries: Iterable<JournalEntry>, tapeRate: number): ResumePoint {
	let knownEndMs = 0;
	let nextSegmentId = 0;
	const segments: Segment[] = [];
	const gapsMs: number[] = [];
	for (const entry of entries) {
		if (entry.type === 'gap') gapsMs.push((entry.atSample * 1000) / tapeRate);
		if (entry.type !== 'final') continue;
		segments.push(entry.segment);
		knownEndMs = Math.max(knownEndMs, entry.segment.endMs);
		nextSegmentId = Math.max(nextSegmentId, entry.segment.segmentId + 1);
	}
	const freshMs = Math.max(0, ...gapsMs.filter(gapMs => gapMs <= knownEndMs));
	const frames = Math.max(0, Math.floor((knownEndMs - rehearsedMs - freshMs) / frameMs));
	const fromMs = freshMs + frames * frameMs;
	return {
		fromSample: Math.round((fromMs * tapeRate) / 1000),
		knownWords: segments.filter(({endMs}) => endMs >= fromMs).flatMap(wordsOf),
		knownEndMs,
		nextSegmentId,
	};
}

/** A segment without words is heard as one. */
const wordsOf = ({text, startMs, endMs, words}: Segment): Word[] =>
	words.length > 0 ? words : [{text, startMs, endMs}];

/** What a stream says of a segment. */
type SegmentEvent = {type: 'partial' | 'final'; segment: Segment};

/**
 * Takes the words that the journal has out of what a fresh stream says from `fromSample` on, and counts the segments on. Returns undefined where nothing is new; after a `final` the open line is
 * then empty. No final of the journal is changed or said twice.
 */
export function createResumeFilter({
	knownWords,
	nextSegmentId,
}: ResumePoint): <Event extends SegmentEvent>(event: Event) => Event | undefined {
	let segmentId = nextSegmentId;
	/** Words of closed segments, all of them known; undefined as soon as there was a new one. */
	let heardAgain: readonly Word[] | undefined = knownWords.length > 0 ? [] : undefined;
	return event => {
		const words = wordsOf(event.segment);
		const nKnown = heardAgain ? Math.max(0, nHeardAgain([...heardAgain, ...words], knownWords) - heardAgain.length) : 0;
		const fresh = words.slice(nKnown);
		if (event.type === 'final') heardAgain = fresh.length > 0 ? undefined : heardAgain && [...heardAgain, ...words];
		if (fresh.length === 0) return undefined;
		const segment = {...(nKnown === 0 ? event.segment : segmentOf(fresh)), segmentId};
		if (event.type === 'final') segmentId++;
		return {...event, segment};
	};
}

/**
 * How many of `words`, from the first on, the journal has. Those well before its last word it has, those well behind it not; in between as many as make both most alike, by spelling and then
 * by time.
 */
function nHeardAgain(words: readonly Word[], known: readonly Word[]): number {
	const lastMs = known.at(-1)!.startMs;
	const first = words.findIndex(({startMs}) => startMs >= lastMs - jitterMs);
	const behind = words.findIndex(({startMs}) => startMs > lastMs + jitterMs);
	const [least, most] = [first < 0 ? words.length : first, behind < 0 ? words.length : behind];
	const isCompared = ({startMs}: Word) => startMs >= lastMs - comparedMs;
	const spelled = known.filter(isCompared).map(spelling);
	const nSkipped = words.findIndex(isCompared);

	let best = {count: least, errors: Number.POSITIVE_INFINITY, offMs: 0};
	for (let count = least; count <= most; count++) {
		const errors = nEdits(spelled, nSkipped < 0 ? [] : words.slice(nSkipped, count).map(spelling));
		const lateMs = count > least ? Math.max(0, words[count - 1]!.startMs - lastMs - frameMs / 2) : 0;
		const earlyMs = count < most ? Math.max(0, lastMs + frameMs / 2 - words[count]!.startMs) : 0;
		const offMs = lateMs + earlyMs;
		if (errors < best.errors || (errors === best.errors && offMs < best.offMs)) best = {count, errors, offMs};
	}
	return best.count;
}

/** Fewest words to put in, leave out or change that turn `from` into `to`. */
function nEdits(from: readonly string[], to: readonly string[]): number {
	let row = to.map((_, j) => j + 1);
	for (const [i, word] of from.entries()) {
		let diagonal = i;
		let left = i + 1;
		row = row.map((above, j) => {
			left = Math.min(left + 1, above + 1, diagonal + (to[j] === word ? 0 : 1));
			diagonal = above;
			return left;
		});
	}
	return row.at(-1) ?? from.length;
}

/** A sentence that begins elsewhere has its capital and its stop elsewhere. */
const spelling = ({text}: Word) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '') || text;

const segmentOf = (words: readonly Word[]): Omit<Segment, 'segmentId'> => ({
	text: words.map(word => word.text).join(' '),
	startMs: words[0]!.startMs,
	endMs: words.at(-1)!.endMs,
	words: [...words],
});
