import type {CaptureEvent} from './protocol.js';

/** An event with its number. */
export type NumberedEvent = {seq: number; event: CaptureEvent};

/** So many are under way to a recorder at once, so that a day without one does not flood the next. */
const maxUnderWay = 200;

/** What must reach the journal, in order, each kept until a recorder received it and said again to the next one. */
export class CaptureEvents {
	#waiting: NumberedEvent[] = [];
	#nextSeq = 0;
	/** The first that the connected recorder was not told. */
	#nextToTell = 0;
	#tell: ((event: NumberedEvent) => void) | undefined;

	/** Those that no recorder received yet. */
	get count(): number {
		return this.#waiting.length;
	}

	/** Adds `event` and tells it, where somebody listens. */
	add(event: CaptureEvent): void {
		this.#waiting.push({seq: this.#nextSeq++, event});
		this.#tellMore();
	}

	/** A recorder is connected: `tell` gets what waits from the beginning, and what comes. */
	tellTo(tell: (event: NumberedEvent) => void): void {
		this.#tell = tell;
		this.#nextToTell = 0;
		this.#tellMore();
	}

	/** Nobody listens any more. */
	tellNobody(): void {
		this.#tell = undefined;
	}

	/** A recorder has those up to `seq`. */
	received(seq: number): void {
		this.#waiting = this.#waiting.filter(waiting => waiting.seq > seq);
		this.#tellMore();
	}

	#tellMore(): void {
		for (const waiting of this.#waiting.slice(0, maxUnderWay)) {
			if (!this.#tell) return;
			if (waiting.seq < this.#nextToTell) continue;
			this.#nextToTell = waiting.seq + 1;
			this.#tell(waiting);
		}
	}
}
