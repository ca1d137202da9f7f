import {safeLine} from './safe-text.js';
import type {Segment, Word} from './segment.js';
import {textWidth, wrapText} from './wrap-text.js';

/** What SubRip and WebVTT show at once: one or two lines of safe text. Times are milliseconds of tape time, whole, `endMs` > `startMs`. */
export type Cue = {startMs: number; endMs: number; lines: CueWord[][]};

/** A word of a cue; a word that is wider than a line comes as several. `startMs` lies within its cue and never runs backwards. */
export type CueWord = {text: string; startMs: number};

/** What fits under a picture and is read at a glance (the usual limits of subtitles). */
const lineColumns = 42;
const linesPerCue = 2;
/** Of a full cue, with the spaces where its lines meet. */
const cueColumns = linesPerCue * (lineColumns + 1) - 1;
/** Shorter than this nobody reads a cue; a pause is long enough to lend the time. */
const shortestCueMs = 600;

/** Makes the cues of one recording, segment by segment: they come in order and never overlap, whatever times the segments bring. */
export function createCueMaker(): (segment: Segment) => Cue[] {
	let previousEndMs = 0;
	return segment =>
		splitIntoCues(timedWords(segment)).map(({words, lines}, i, all) => {
			const startMs = Math.max(previousEndMs, words[0]!.startMs);
			const nextMs = all[i + 1]?.words[0]?.startMs ?? Number.POSITIVE_INFINITY;
			const wantedEndMs = Math.max(words.at(-1)!.endMs, startMs + shortestCueMs);
			const endMs = Math.max(startMs + 1, Math.min(wantedEndMs, nextMs));
			previousEndMs = endMs;
			let lastMs = startMs;
			const timed = lines.map(line =>
				line.map(({text, startMs: wordMs}) => {
					lastMs = Math.min(endMs, Math.max(lastMs, wordMs));
					return {text, startMs: lastMs};
				}),
			);
			return {startMs, endMs, lines: timed};
		});
}

/** The segment's words as safe text with whole, forward times. A segment without words is one that speaks its text evenly. */
function timedWords({text, startMs, endMs, words}: Segment): Word[] {
	const spoken = words.length > 0 ? words : evenly(safeLine(text), startMs, endMs);
	let atMs = 0;
	return spoken
		.map(word => ({...word, text: safeLine(word.text)}))
		.filter(word => word.text !== '')
		.map(word => {
			atMs = Math.max(atMs, wholeMs(word.startMs));
			return {text: word.text, startMs: atMs, endMs: Math.max(atMs, wholeMs(word.endMs))};
		});
}

function evenly(text: string, startMs: number, endMs: number): Word[] {
	const words = text.split(' ');
	const msPerWord = Math.max(0, endMs - startMs) / words.length;
	return words.map((word, i) => ({
		text: word,
		startMs: startMs + i * msPerWord,
		endMs: startMs + (i + 1) * msPerWord,
	}));
}

const wholeMs = (ms: number) => (Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : 0);

type Unplaced = {words: Word[]; lines: CueWord[][]};

/** As few cues as the limits allow, and then as even as they can be: the last cue is not a lone word. */
function splitIntoCues(words: readonly Word[]): Unplaced[] {
	if (words.length === 0) return [];
	const pieces = words.flatMap(cutWide);
	const full = fill(pieces, cueColumns);
	const total = pieces.reduce((columns, piece) => columns + textWidth(piece.text) + 1, -1);
	for (let columns = Math.ceil(total / full.length); columns < cueColumns; columns++) {
		const even = fill(pieces, columns);
		if (even.length === full.length) return even;
	}
	return full;
}

/** Fills cues with at most `columns` columns each, in lines of their own limit. */
function fill(pieces: readonly Word[], columns: number): Unplaced[] {
	const cues: Word[][] = [];
	for (const piece of pieces) {
		const open = cues.at(-1);
		const grown = open && [...open, piece];
		if (grown && columnsOf(grown) <= columns && linesOf(grown).length <= linesPerCue) open.push(piece);
		else cues.push([piece]);
	}
	return cues.map(words => ({words, lines: evenLines(words)}));
}

const columnsOf = (words: readonly Word[]) => textWidth(words.map(word => word.text).join(' '));

/** The words in lines of at most `columns`. */
function linesOf(words: readonly Word[], columns = lineColumns): CueWord[][] {
	const rest = [...words];
	return wrapText(words.map(word => word.text).join(' '), columns).map(line =>
		rest.splice(0, line.split(' ').length).map(({text, startMs}) => ({text, startMs})),
	);
}

/** One line where it fits, else two of about the same length. */
function evenLines(words: readonly Word[]): CueWord[][] {
	const narrow = linesOf(words);
	if (narrow.length < 2) return narrow;
	for (let columns = Math.ceil(columnsOf(words) / 2); columns < lineColumns; columns++) {
		if (words.every(word => textWidth(word.text) <= columns)) {
			const even = linesOf(words, columns);
			if (even.length === narrow.length) return even;
		}
	}
	return narrow;
}

/** A word that is wider than a line in pieces that are not; a word of several words (a model may spell a space) in single ones. */
function cutWide({text, startMs, endMs}: Word): Word[] {
	return wrapText(text, lineColumns)
		.flatMap(line => line.split(' '))
		.map(piece => ({text: piece, startMs, endMs}));
}
