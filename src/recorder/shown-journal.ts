import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import type {Segment} from '../session/segment.js';
import type {FromRecorder} from './protocol.js';

/** A caption is shown as unsaved when the disk keeps it waiting for so long: a reader waits no longer for a slow card. */
const shownUnsavedAfterMs = 1000;

type Waiting = {entry: JournalEntry; timer: NodeJS.Timeout; isShown: boolean};

/**
 * The journal as viewers see it: an entry is shown when it is on the medium, in order; while the disk refuses it or keeps it waiting, it is shown as unsaved, and `saved` follows.
 * The open line never overtakes the final before it.
 */
export class ShownJournal {
	readonly #writer: JournalWriter;
	readonly #show: (message: FromRecorder) => void;
	/** Appended and not on the medium, in order; those that are shown come first. */
	readonly #waiting: Waiting[] = [];
	#open: Segment | undefined;

	/** `show` takes what viewers are told, and must not throw. */
	constructor(writer: JournalWriter, show: (message: FromRecorder) => void) {
		this.#writer = writer;
		this.#show = show;
	}

	/** Bytes of the journal that are on the medium. */
	get bytes(): number {
		return this.#writer.bytes;
	}

	/** The open line as it is shown. */
	get open(): Segment | undefined {
		return this.#open;
	}

	/** What viewers see and the disk has not taken: said again after each snapshot. */
	unsavedMessages(): FromRecorder[] {
		return this.#waiting.flatMap(({entry, isShown}) => (isShown ? [entryMessage(entry, true)] : []));
	}

	/** Appends `entry`; resolves when it is on the medium. Never rejects: an entry that the disk does not even take at the end stays shown as unsaved. */
	append(entry: JournalEntry): Promise<void> {
		const waiting: Waiting = {
			entry,
			isShown: false,
			timer: setTimeout(() => this.#showWaiting(), shownUnsavedAfterMs),
		};
		this.#waiting.push(waiting);
		return this.#writer.append(entry).then(
			() => this.#saved(waiting),
			() => this.#showWaiting(),
		);
	}

	/** The disk refuses entries: readers need not wait to see what waits. */
	refused(): void {
		this.#showWaiting();
	}

	/** Replaces the open line, or takes it away. While a final waits for the disk the line stays as it is, and its newest text follows. */
	showOpen(segment: Segment | undefined): void {
		this.#open = segment;
		if (!this.#hasUnshown()) this.#showOpenLine();
	}

	#saved(waiting: Waiting): void {
		clearTimeout(waiting.timer);
		const at = this.#waiting.indexOf(waiting);
		// Saved in order, so it is the first one; what the disk took before is out already.
		this.#waiting.splice(at, 1);
		const {entry, isShown} = waiting;
		if (!isShown) this.#showEntry(entry, false);
		else if (entry.type === 'final') this.#show({type: 'saved', segmentIds: [entry.segment.segmentId]});
	}

	#showWaiting(): void {
		for (const waiting of this.#waiting) {
			clearTimeout(waiting.timer);
			if (waiting.isShown) continue;
			waiting.isShown = true;
			this.#showEntry(waiting.entry, true);
		}
	}

	#showEntry(entry: JournalEntry, isUnsaved: boolean): void {
		this.#show(entryMessage(entry, isUnsaved));
		if (!this.#hasUnshown()) this.#showOpenLine();
	}

	#showOpenLine(): void {
		const segment = this.#open;
		this.#show({
			type: 'open',
			segment: segment && {
				segmentId: segment.segmentId,
				text: segment.text,
				startMs: segment.startMs,
				endMs: segment.endMs,
			},
		});
	}

	#hasUnshown(): boolean {
		return this.#waiting.some(({isShown}) => !isShown);
	}
}

const entryMessage = (entry: JournalEntry, isUnsaved: boolean): FromRecorder => ({type: 'entry', entry, isUnsaved});
