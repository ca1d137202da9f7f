/** The recorder as capture sees it. */
export type WatchedRecorder = {
	/** Whether one is connected. */
	readonly isConnected: boolean;
	/** When one said something last, by the steady clock. */
	readonly heardMs: number;
	/** When the last one's connection ended. */
	readonly lostMs: number | undefined;
};

/** A recorder that dies takes its connection with it. So long it may take to connect again by itself; one that is started beside it ends again, and does no harm. */
const goneMs = 200;
/** One that says nothing for so long is stuck, or was never there. */
const silentMs = 5000;
/** Pauses between attempts when recorders die again and again. */
const firstPauseMs = 700;
const longestPauseMs = 30_000;
/** One that was connected for so long works: when it dies, the next one is started at once. */
const steadyMs = 10_000;
/** A Pi with a slow card may take so long to start one. */
const startTimeoutMs = 20_000;
const lookEveryMs = 100;

/** Sees to it that a recorder speaks to capture: starts one when none does. */
export class RecorderWatch {
	readonly #recorder: WatchedRecorder;
	readonly #start: () => Promise<void>;
	#timer: NodeJS.Timeout | undefined;
	#pauseMs = 0;
	/** When the next one may be started. */
	#earliestMs = 0;
	/** When the one was started that still runs and has not connected. */
	#startedMs: number | undefined;
	#connectedMs: number | undefined;

	/** `start` starts a recorder and resolves when that process has ended; must not throw. */
	constructor(recorder: WatchedRecorder, start: () => Promise<void>) {
		this.#recorder = recorder;
		this.#start = start;
	}

	/** Watches until `end`. */
	begin(): void {
		this.#timer = setInterval(() => this.look(performance.now()), lookEveryMs);
	}

	/** Starts no more. */
	end(): void {
		clearInterval(this.#timer);
	}

	/** Looks after it once, at `nowMs` of the steady clock. */
	look(nowMs: number): void {
		const {isConnected, heardMs, lostMs} = this.#recorder;
		if (isConnected && nowMs - heardMs < silentMs) {
			this.#connectedMs ??= nowMs;
			this.#startedMs = undefined;
			if (nowMs - this.#connectedMs > steadyMs) this.#pauseMs = 0;
		} else {
			this.#connectedMs = undefined;
		}
		const isGone = lostMs !== undefined && nowMs - lostMs >= goneMs;
		if (!isGone && nowMs - heardMs < silentMs) return;
		const isStarting = this.#startedMs !== undefined && nowMs - this.#startedMs < startTimeoutMs;
		if (isStarting || nowMs < this.#earliestMs) return;
		this.#startOne(nowMs);
	}

	#startOne(nowMs: number): void {
		this.#pauseMs = this.#pauseMs === 0 ? firstPauseMs : Math.min(longestPauseMs, nextPause(this.#pauseMs));
		this.#earliestMs = nowMs + this.#pauseMs;
		this.#startedMs = nowMs;
		void this.#start().then(() => {
			if (this.#startedMs === nowMs) this.#startedMs = undefined;
		});
	}
}

/** 0.7, 1, 2, 4 … s. */
const nextPause = (pauseMs: number) => (pauseMs < 1000 ? 1000 : 2 * pauseMs);
