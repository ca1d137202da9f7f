import type {Engine} from '../src/engine/engine.js';
import type {JournalEntry} from '../src/session/journal-entry.js';
import {createResumeFilter, resumePoint} from '../src/session/resume.js';
import type {Segment, Word} from '../src/session/segment.js';
import {type WordErrors, wordErrors} from '../src/session/word-errors.js';

/** A final, and how many samples had been heard when it came. */
type TimedFinal = {segment: Segment; heardSamples: number};

/** Captions of samples that were heard in one go. */
export type Uninterrupted = {samples: Float32Array; finals: TimedFinal[]};

/** What a death at one moment did to the captions. */
export type Resumed = {
	cutMs: number;
	/** End of the last word that the journal had. */
	knownEndMs: number;
	/** The journal's finals, and those of the recovery. */
	segments: Segment[];
	nKnown: number;
	/** Against the uninterrupted captions. */
	errors: WordErrors;
	/** Words of the uninterrupted captions, more than 2 s from the cut, at whose time nothing is written. */
	missing: Word[];
	/** Words of the recovery that the journal had: the same spelling at the same time. */
	doubled: Word[];
};

/** Around the death or the last known word, words may be other ones. */
const cutMs = 2000;
/** A word that a fresh stream writes may stand so much earlier or later. */
const jitterMs = 500;
/** As a recorder feeds its engine. */
const pieceSeconds = 0.08;

/** Captions `samples` in one go. */
export async function captionUninterrupted(engine: Engine, samples: Float32Array): Promise<Uninterrupted> {
	const finals: TimedFinal[] = [];
	await hear(engine, samples, 0, (event, heardSamples) => {
		if (event.type === 'final') finals.push({segment: event.segment, heardSamples});
	});
	return {samples, finals};
}

/** Has the recorder die when it has heard `atSample` samples: what was final by then is the journal, and the rest is recovered from the tape. */
export async function captionResumed(engine: Engine, whole: Uninterrupted, atSample: number): Promise<Resumed> {
	const {sampleRate} = engine;
	const known = whole.finals.filter(({heardSamples}) => heardSamples <= atSample).map(({segment}) => segment);
	const journal = known.map((segment): JournalEntry => ({type: 'final', atSample: 0, wallMs: 0, segment}));
	const point = resumePoint(journal, sampleRate);
	const filter = createResumeFilter(point);
	const recovered: Segment[] = [];
	await hear(engine, whole.samples, point.fromSample, event => {
		const fresh = filter(event);
		if (fresh?.type === 'final') recovered.push(fresh.segment);
	});

	const segments = [...known, ...recovered];
	const expected = whole.finals.map(({segment}) => segment);
	const written = wordsOf(segments);
	const deathMs = (atSample * 1000) / sampleRate;
	const isNearCut = ({startMs}: Word) =>
		Math.abs(startMs - deathMs) <= cutMs || Math.abs(startMs - point.knownEndMs) <= cutMs;
	return {
		cutMs: deathMs,
		knownEndMs: point.knownEndMs,
		segments,
		nKnown: known.length,
		errors: wordErrors(textOf(expected), textOf(segments)),
		missing: wordsOf(expected).filter(
			word => !isNearCut(word) && !written.some(({startMs}) => Math.abs(startMs - word.startMs) <= jitterMs),
		),
		doubled: wordsOf(recovered).filter(word =>
			wordsOf(known).some(
				one =>
					one.text.toLowerCase() === word.text.toLowerCase() && Math.abs(one.startMs - word.startMs) <= jitterMs / 2,
			),
		),
	};
}

type SegmentEvent = {type: 'partial' | 'final'; segment: Segment};

async function hear(
	engine: Engine,
	samples: Float32Array,
	fromSample: number,
	emit: (event: SegmentEvent, heardSamples: number) => void,
): Promise<void> {
	let heard = fromSample;
	const stream = engine.createStream(event => emit(event, heard));
	await stream.flush(fromSample);
	const pieceSamples = Math.round(engine.sampleRate * pieceSeconds);
	for (let at = fromSample; at < samples.length; at += pieceSamples) {
		const piece = samples.subarray(at, at + pieceSamples);
		heard = at + piece.length;
		stream.feed(piece);
		while (await stream.decode());
	}
	// Finals of the end come when all was heard: no death is later.
	heard = Number.POSITIVE_INFINITY;
	await stream.flush();
}

const wordsOf = (segments: readonly Segment[]) => segments.flatMap(({words}) => words);
const textOf = (segments: readonly Segment[]) => segments.map(({text}) => text).join(' ');
