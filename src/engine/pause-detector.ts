/** Above this probability of no word to come it is a pause, below the other one it is none any more (specs: kyutai-stt §6.6). */
const pauseThreshold = 0.6;
const resumeThreshold = 0.4;
/** Single frames spike; so many in a row do not (kyutai-labs/delayed-streams-modeling issue 152). */
const framesInARow = 3;
/** The heads settle in the first second. */
const settlingPositions = 12;

/** Tells pauses by what the model's own VAD expects: no word within the next two seconds. */
export class PauseDetector {
	#above = 0;
	#isPause = false;
	#since: number | undefined;

	/** Position at which the pause that is on began; undefined while there is none. */
	get since(): number | undefined {
		return this.#since;
	}

	/** Takes the probability of position `position` in; positions come in order, from 0. */
	push(position: number, probability: number): void {
		if (position < settlingPositions) return;
		this.#above = probability > pauseThreshold ? this.#above + 1 : 0;
		if (this.#isPause) this.#isPause = probability >= resumeThreshold;
		else this.#isPause = this.#above >= framesInARow;
		if (!this.#isPause) this.#since = undefined;
		else this.#since ??= position - framesInARow + 1;
	}
}
