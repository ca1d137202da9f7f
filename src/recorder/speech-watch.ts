/** Louder than this is a voice nearby, or a noise that somebody would notice. */
const loudDb = -40;
/** Speech rises and falls; a fan does not. */
const leastSwingDb = 12;
/** So long somebody speaks before the missing words are odd: longer than the delay of any model and a hesitation. */
const oddAfterMs = 10_000;
/** At least so many of the levels of that time are loud. */
const loudShare = 0.4;

/**
 * Notices that speech is heard and no words come: the wrong language, a microphone that distorts, a model that is lost. Told from levels alone, so it is a hint
 * to look at, not a fact.
 */
export class SpeechWatch {
	#levels: {levelDb: number; nowMs: number}[] = [];

	/** The level of the last tenth of a second. */
	heard(levelDb: number, nowMs: number): void {
		this.#levels.push({levelDb, nowMs});
		while (this.#levels[0]!.nowMs < nowMs - oddAfterMs) this.#levels.shift();
	}

	/** Words came, or none could (paused, behind, loading): the watch begins anew. */
	restart(): void {
		this.#levels = [];
	}

	/** Whether speech was heard for long enough, and no words came. */
	isOdd(nowMs: number): boolean {
		const first = this.#levels[0];
		if (!first || nowMs - first.nowMs < 0.9 * oddAfterMs) return false;
		const sorted = this.#levels.map(({levelDb}) => levelDb).sort((a, b) => a - b);
		const loud = sorted.filter(level => level > loudDb).length;
		const swing = sorted[Math.floor(0.9 * sorted.length)]! - sorted[Math.floor(0.1 * sorted.length)]!;
		return loud >= loudShare * sorted.length && swing >= leastSwingDb;
	}
}
