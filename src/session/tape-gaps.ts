import type {AudioChunk} from '../audio/audio-chunk.js';
import type {AudioSource} from '../audio/audio-source.js';
import type {JournalEntry} from './journal-entry.js';

/** The samples of a tape before which something was not recorded, in order, at the tape's rate. */
export const gapSamples = (entries: Iterable<JournalEntry>): number[] =>
	[...entries].flatMap(entry => (entry.type === 'gap' ? [entry.atSample] : [])).sort((a, b) => a - b);

/**
 * `source`, which reads a tape of `tapeRate` Hz, with its chunks cut at the tape's gaps and marked `isAfterGap` there. `gaps` are samples at the tape's rate, in order; they may still grow, as
 * long as each comes before the samples behind it are read.
 */
export function withGaps(source: AudioSource, tapeRate: number, gaps: readonly number[]): AudioSource {
	return {
		name: source.name,
		sampleRate: source.sampleRate,
		get estimatedSamples() {
			return source.estimatedSamples;
		},
		warnings: source.warnings,
		chunks: () => cutAtGaps(source, tapeRate, gaps),
		close: () => source.close(),
	};
}

async function* cutAtGaps(source: AudioSource, tapeRate: number, gaps: readonly number[]): AsyncGenerator<AudioChunk> {
	let nPassed = 0;
	const nextGap = () => {
		const gap = gaps[nPassed];
		return gap === undefined ? Number.POSITIVE_INFINITY : Math.round((gap * source.sampleRate) / tapeRate);
	};
	let isFirst = true;
	for await (const {samples, startSample} of source.chunks()) {
		const end = startSample + samples.length;
		// What lies before the first chunk, or at its start, it does not end.
		while (isFirst && nextGap() <= startSample) nPassed++;
		isFirst = false;
		for (let at = startSample; at < end; ) {
			const isAfterGap = nextGap() <= at;
			while (nextGap() <= at) nPassed++;
			const until = Math.min(end, nextGap());
			const isWhole = at === startSample && until === end;
			const piece = {
				samples: isWhole ? samples : samples.slice(at - startSample, until - startSample),
				startSample: at,
			};
			yield isAfterGap ? {...piece, isAfterGap} : piece;
			at = until;
		}
	}
}
