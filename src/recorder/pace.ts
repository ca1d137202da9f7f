/** RTF is that of the last seconds: a machine that gets too hot shows at once. */
const rtfWindowMs = 10_000;
/** So much waits that a reader notices; normal are calls that fill, and a second in flight. */
const behindFromMs = 4000;
/** Re-armed well below, so that the warning cannot flicker. */
const behindUntilMs = 1500;
/** Lengths of the tape that are remembered: about two minutes of them, ten a second. */
const maxMoments = 1200;

/**
 * How the captions keep up with the tape. All times are milliseconds: `tapeMs` of tape time, `nowMs` of any steady clock.
 */
export class Pace {
	/** When the tape had which length. */
	readonly #lengths: {tapeMs: number; nowMs: number}[] = [];
	/** What was computed by when. */
	readonly #work: {computeMs: number; decodedMs: number; nowMs: number}[] = [];
	#tapeMs = 0;
	#decodedMs = 0;
	#isBehind = false;

	/** The captions begin at `tapeMs` with a fresh engine, which has computed nothing. */
	restart(tapeMs: number): void {
		this.#decodedMs = tapeMs;
		this.#work.length = 0;
	}

	/** The tape has this length now. */
	heard(tapeMs: number, nowMs: number): void {
		if (tapeMs <= this.#tapeMs) return;
		this.#tapeMs = tapeMs;
		this.#lengths.push({tapeMs, nowMs});
		if (this.#lengths.length > maxMoments) this.#lengths.shift();
		this.#judge();
	}

	/** The engine has decoded everything up to `decodedMs`, and has computed for `computeMs` since it was started. */
	decoded(decodedMs: number, computeMs: number, nowMs: number): void {
		this.#decodedMs = Math.max(this.#decodedMs, decodedMs);
		this.#work.push({computeMs, decodedMs: this.#decodedMs, nowMs});
		while (this.#work.length > 2 && this.#work[1]!.nowMs < nowMs - rtfWindowMs) this.#work.shift();
		this.#judge();
	}

	/** Captured and not decoded. */
	get backlogMs(): number {
		return Math.max(0, this.#tapeMs - this.#decodedMs);
	}

	/** The backlog is beyond what is normal. */
	get isBehind(): boolean {
		return this.#isBehind;
	}

	/** Computing time ÷ audio time of the last 10 s; 0 before anything was decoded. */
	get rtf(): number {
		const first = this.#work[0];
		const last = this.#work.at(-1);
		if (!first || !last || last.decodedMs <= first.decodedMs) return 0;
		return (last.computeMs - first.computeMs) / (last.decodedMs - first.decodedMs);
	}

	/** When what lies at `tapeMs` reached the tape, undefined where that is too long ago or has not happened. */
	reachedMs(tapeMs: number): number | undefined {
		const lengths = this.#lengths;
		if (lengths.length === 0 || tapeMs < lengths[0]!.tapeMs) return undefined;
		return lengths.find(length => length.tapeMs >= tapeMs)?.nowMs;
	}

	#judge(): void {
		if (this.backlogMs > behindFromMs) this.#isBehind = true;
		else if (this.backlogMs < behindUntilMs) this.#isBehind = false;
	}
}
