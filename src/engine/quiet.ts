/** Below this nothing is to be heard, however quiet the room. */
const silenceDb = -60;
/** Speech lies this far above what is between the words, even on a laptop's microphone. */
const belowPeakDb = 25;
/** The loudest frame is forgotten slowly, so that a quiet speaker after a loud one is heard again: 2 dB a second. */
const peakDecayDb = 0.16;

/** How loud a frame is, in dB below full scale, and whether that is quiet beside what was heard before. */
export type HeardFrame = {isQuiet: boolean; levelDb: number};

/** A frame of silence. */
export const silentFrame: HeardFrame = {isQuiet: true, levelDb: -120};

/** Tells quiet frames from the others by their level, relative to the loudest of the last seconds. */
export class QuietDetector {
	#peakDb = silenceDb;

	/** How loud `frame` is (samples in [-1, 1], 80 ms). Frames come in order. */
	hear(frame: Float32Array): HeardFrame {
		let power = 0;
		for (const sample of frame) power += sample * sample;
		const levelDb = 10 * Math.log10(power / frame.length + 1e-12);
		this.#peakDb = Math.max(levelDb, this.#peakDb - peakDecayDb);
		return {isQuiet: levelDb < silenceDb || levelDb < this.#peakDb - belowPeakDb, levelDb};
	}
}
