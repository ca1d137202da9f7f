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
/** Where its text is another one too, less than half a frame. */
const sameTimeMs = 40;

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
	const last = knownWords.at(-1);
	let segmentId = nextSegmentId;
	let unheard: readonly Word[] = knownWords;
	return event => {
		const {fresh, left} = sortOut(wordsOf(event.segment), unheard, last);
		const isWhole = fresh.length === wordsOf(event.segment).length;
		if (event.type === 'final') unheard = left;
		if (fresh.length === 0) return undefined;
		const segment = {...(isWhole ? event.segment : segmentOf(fresh)), segmentId};
		if (event.type === 'final') segmentId++;
		return {...event, segment};
	};
}

/** Which of `words` the journal does not have, and which of the words that it has (`known`, up to `last`) have not been heard again. */
function sortOut(
	words: readonly Word[],
	known: readonly Word[],
	last: Word | undefined,
): {fresh: Word[]; left: Word[]} {
	const left = [...known];
	const fresh = words.filter(word => {
		const isLastHeard = last === undefined || left.at(-1) !== last;
		if (isLastHeard || word.startMs > last.startMs + jitterMs) return true;
		const again = left.findIndex(
			one => Math.abs(one.startMs - word.startMs) <= jitterMs && spelling(one) === spelling(word),
		);
		if (again >= 0) left.splice(again, 1);
		return again < 0 && word.startMs > last.startMs + sameTimeMs;
	});
	return {fresh, left};
}

/** A sentence that begins elsewhere has its capital and its stop elsewhere. */
const spelling = ({text}: Word) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '') || text;

const segmentOf = (words: readonly Word[]): Omit<Segment, 'segmentId'> => ({
	text: words.map(word => word.text).join(' '),
	startMs: words[0]!.startMs,
	endMs: words.at(-1)!.endMs,
	words: [...words],
});
