import {setTimeout} from 'node:timers/promises';
import type {AudioChunk} from '../audio/audio-chunk.js';
import type {AudioSource} from '../audio/audio-source.js';

/** How the pace is kept; tests bring their own clock. `wait` ends early, without an error, when it is not worth waiting any more. */
export type Pace = {now(): number; wait(ms: number): Promise<void>};

/** Captions grow as smoothly as with a microphone. */
const pieceMs = 80;

/** `source`, given out as it would be spoken: no sample before its time. The samples are the same, in smaller chunks. */
export function pacedSource(source: AudioSource, pace: Pace): AudioSource {
	const {name, sampleRate, warnings} = source;
	return {
		name,
		sampleRate,
		// Becomes better while it is read.
		get estimatedSamples() {
			return source.estimatedSamples;
		},
		warnings,
		chunks: () => paced(source, pace),
		close: () => source.close(),
	};
}

async function* paced(source: AudioSource, {now, wait}: Pace): AsyncGenerator<AudioChunk> {
	const pieceSamples = Math.round((source.sampleRate * pieceMs) / 1000);
	let beginMs: number | undefined;
	for await (const {samples, startSample} of source.chunks()) {
		for (let at = 0; at < samples.length; at += pieceSamples) {
			const piece = samples.slice(at, at + pieceSamples);
			// Against the beginning and not the piece before, so that lateness does not add up.
			beginMs ??= now();
			const spokenMs = beginMs + ((startSample + at + piece.length) * 1000) / source.sampleRate;
			if (spokenMs > now()) await wait(spokenMs - now());
			yield {samples: piece, startSample: startSample + at};
		}
	}
}

/** The pace of the clock on the wall, until `signal` aborts. */
export function wallPace(signal: AbortSignal): Pace {
	return {
		now: () => performance.now(),
		wait: ms => setTimeout(ms, undefined, {signal}).catch(() => {}),
	};
}
