/** Less is the drift of a quartz and the smooth hand of NTP. */
const jumpMs = 2000;

/** Notices that the wall clock was set, or that the machine slept: a Pi without a network starts with the date of its last shutdown. */
export class ClockJumps {
	#offsetMs: number;

	constructor(
		private readonly wallMs: () => number = Date.now,
		private readonly steadyMs: () => number = () => performance.now(),
	) {
		this.#offsetMs = this.wallMs() - this.steadyMs();
	}

	/** Whether the wall clock jumped since the last look. */
	hasJumped(): boolean {
		const offsetMs = this.wallMs() - this.steadyMs();
		// Slow drift is followed, so that it never adds up to a jump.
		const hasJumped = Math.abs(offsetMs - this.#offsetMs) > jumpMs;
		this.#offsetMs = offsetMs;
		return hasJumped;
	}
}
