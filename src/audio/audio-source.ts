import type {AudioChunk} from './audio-chunk.js';

/** Audio from anywhere (file, standard input, microphone) as mono chunks at the rate that was asked for. */
export type AudioSource = {
	/** What to call it in messages: a file name or `standard input`. Untrusted text. */
	readonly name: string;
	/** Rate of the samples that `chunks` yields, in Hz. */
	readonly sampleRate: number;
	/** Length in samples at `sampleRate` where the container tells it, else undefined. An estimate: only the end of `chunks` is the end. */
	readonly estimatedSamples: number | undefined;
	/** What was odd but did not stop the reading, as whole sentences ("… says 900 bytes, the file has 400: read to its end."). Grows while reading. */
	readonly warnings: readonly string[];
	/** The samples in order, without gaps, at most a second in each chunk. Read once. Throws `AudioError`; what was yielded before stays valid. */
	chunks(): AsyncIterable<AudioChunk>;
	/** Releases files and child processes; safe at any time, more than once. */
	close(): Promise<void>;
};
