/** Audio as its container holds it, decoded: mono samples in [-1, 1] at the rate of the recording. */
export type DecodedAudio = {
	sampleRate: number;
	/** Length in samples, as far as it can be told by now. */
	estimatedSamples(): number | undefined;
	/** The samples in order, in blocks of at most a few seconds. Read once. Throws `AudioError`; what came before stays valid. */
	blocks: AsyncIterable<Float32Array>;
};

/** Rates that a recording may claim, in Hz: outside there is no speech, or no recorder. */
const rates = {lowest: 1000, highest: 768_000};

/** Whether a recording may have this rate. */
export const isSaneRate = (rate: number): boolean => rate >= rates.lowest && rate <= rates.highest;

/** What `isSaneRate` allows, in words. */
export const saneRates = `${rates.lowest} to ${rates.highest} Hz`;

/**
 * The mean of the channels, each sample brought into [-1, 1]: a NaN becomes 0, as no microphone made it. The first channel's memory is taken for the
 * result: copies are what makes the memory of a long recording grow.
 */
export function mixDown(channels: readonly Float32Array[]): Float32Array {
	const [mixed = new Float32Array(0), ...others] = channels;
	for (const channel of others) for (let i = 0; i < mixed.length; i++) mixed[i]! += channel[i]!;
	for (let i = 0; i < mixed.length; i++) mixed[i] = clamped(mixed[i]! / channels.length);
	return mixed;
}

/** A sample brought into [-1, 1]; not a number becomes 0. */
export const clamped = (sample: number): number => (Number.isNaN(sample) ? 0 : Math.max(-1, Math.min(1, sample)));
