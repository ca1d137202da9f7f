import type {Segment} from '../../src/session/segment.js';
import {seededRandom} from './hostile-text.js';

/** A segment that speaks `text` evenly, `msPerWord` a word. */
export function spoken(segmentId: number, startMs: number, text: string, msPerWord = 300): Segment {
	const words = text
		.split(' ')
		.map((word, i) => ({text: word, startMs: startMs + i * msPerWord, endMs: startMs + (i + 1) * msPerWord}));
	return {segmentId, text, startMs, endMs: startMs + words.length * msPerWord, words};
}

/** Segments whose texts are `texts` and whose times are in no order at all. */
export function hostileSegments(texts: Iterable<string>, seed: number): Segment[] {
	const random = seededRandom(seed);
	const anyMs = () => [Number.NaN, -500, 0, 1e7 * random(), 1e4 * random(), 100.5][Math.floor(random() * 6)]!;
	return [...texts].map((text, segmentId) => ({
		segmentId,
		text,
		startMs: anyMs(),
		endMs: anyMs(),
		words: random() < 0.2 ? [] : text.split(' ').map(word => ({text: word, startMs: anyMs(), endMs: anyMs()})),
	}));
}
