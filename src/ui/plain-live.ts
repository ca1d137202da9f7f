import path from 'node:path';
import type {Command, FromRecorder, RecorderStatus} from '../recorder/protocol.js';
import type {RecorderClient, RecorderEvent} from '../recorder/recorder-client.js';
import type {JournalEntry} from '../session/journal-entry.js';
import {readJournal} from '../session/journal-reader.js';
import {safeLine} from '../session/safe-text.js';
import {sessionFiles} from '../session/session-record.js';
import {shortTime} from '../session/time-text.js';
import {captionItem} from './live/caption-item.js';
import {conditionLines} from './plain-conditions.js';
import type {ScreenStream} from './screen.js';

/** How captions are shown as plain lines. */
export type PlainOptions = {
	stdout: ScreenStream;
	/** Aborted when the reader leaves: the recording goes on. */
	signal: AbortSignal;
	/** Lines that the reader types, one command each: see `plainHelp`. */
	commands?: AsyncIterable<string>;
	/** Whether it ends when nothing is recorded, rather than wait for the next session. @default true */
	endsWithSession?: boolean;
};

/** How a viewer ended. `left`: the recording goes on. `stopped`: it is over; `folder` is the session's. `lost`: no recorder answers, for `message`. */
export type ViewerEnd =
	| {how: 'left'}
	| {how: 'stopped'; folder: string | undefined}
	| {how: 'nothing'}
	| {how: 'lost'; message: string};

/** The commands of `--interactive`: one letter and Enter. */
export const plainHelp =
	'r pause or go on · m mark · N TEXT note · q stop and save · d leave, the recording goes on · ? this help';

/**
 * Shows the captions of the recorder that `client` reaches as plain lines: finals as they are said, everything else in brackets. Not one escape character. What was said before
 * comes first, read from the journal. Resolves when the session ends, the reader leaves or the recorder is lost for good.
 */
export async function showPlain(client: RecorderClient, options: PlainOptions): Promise<ViewerEnd> {
	const viewer = new PlainViewer(client, options);
	return viewer.run();
}

class PlainViewer {
	readonly #client: RecorderClient;
	readonly #options: PlainOptions;
	readonly #events: RecorderEvent[] = [];
	#wake = () => {};
	#folder: string | undefined;
	#tapeRate = 24_000;
	/** Finals up to this one are shown; they come in order. */
	#shownSegment = -1;
	/** Everything else that is shown, by its line in the journal. */
	#shownLines = new Set<string>();
	#unsaved = new Set<number>();
	#conditions: string[] = [];
	#notices = new Set<string>();
	#status: RecorderStatus | undefined;
	#isAsking = false;
	#end: ViewerEnd | undefined;

	constructor(client: RecorderClient, options: PlainOptions) {
		this.#client = client;
		this.#options = options;
	}

	async run(): Promise<ViewerEnd> {
		const {signal, commands} = this.#options;
		const unsubscribe = this.#client.subscribe(event => {
			this.#events.push(event);
			this.#wake();
		});
		const leave = () => this.#endWith({how: 'left'});
		signal.addEventListener('abort', leave, {once: true});
		if (signal.aborted) leave();
		if (commands) void this.#obey(commands);
		try {
			while (!this.#end) {
				const event = this.#events.shift();
				if (event) {
					await this.#show(event);
				} else {
					await new Promise<void>(resolve => {
						this.#wake = resolve;
					});
				}
			}
			return this.#end;
		} finally {
			signal.removeEventListener('abort', leave);
			unsubscribe();
		}
	}

	#endWith(end: ViewerEnd): void {
		this.#end ??= end;
		this.#wake();
	}

	async #show(event: RecorderEvent): Promise<void> {
		switch (event.type) {
			case 'snapshot':
				return this.#begin(event);
			case 'status':
				return this.#showStatus(event.status);
			case 'entry':
				return this.#showEntry(event.entry, event.isUnsaved);
			case 'saved':
				for (const id of event.segmentIds) this.#unsaved.delete(id);
				if (this.#unsaved.size === 0) await this.#say('the disk has taken the captions that were unsaved');
				return;
			case 'gone':
				return this.#say(event.message);
			case 'ended':
				return this.#endWith({how: 'lost', message: event.message});
			case 'open':
				return;
		}
	}

	/** A session from its beginning, or what of it is not shown yet. */
	async #begin({status, journalBytes}: Extract<FromRecorder, {type: 'snapshot'}>): Promise<void> {
		const {session} = status;
		if (session && session.folder !== this.#folder) {
			this.#folder = session.folder;
			this.#shownSegment = -1;
			this.#shownLines = new Set();
			this.#unsaved = new Set();
			await this.#say(
				`${session.title}: this conversation is being ${session.isOffRecord ? 'captioned off the record' : 'recorded'}`,
			);
		}
		if (session && journalBytes > 0) {
			const journal = path.join(session.folder, sessionFiles.journal);
			try {
				for await (const {entry} of readJournal(journal, {toByte: journalBytes})) {
					if (entry) await this.#showEntry(entry, false);
				}
			} catch (error) {
				await this.#say(`what was said before cannot be read: ${(error as Error).message}`);
			}
		}
		await this.#showStatus(status);
	}

	async #showEntry(entry: JournalEntry, isUnsaved: boolean): Promise<void> {
		if (entry.type === 'device') this.#tapeRate = entry.sampleRate;
		if (entry.type === 'final') {
			const {segmentId} = entry.segment;
			if (segmentId <= this.#shownSegment) return;
			this.#shownSegment = segmentId;
			if (isUnsaved) this.#unsaved.add(segmentId);
		} else {
			const line = JSON.stringify(entry);
			if (this.#shownLines.has(line)) return;
			this.#shownLines.add(line);
		}
		const item = captionItem(entry, this.#tapeRate, isUnsaved);
		if (!item) return;
		if (item.kind === 'final') await this.#write(`${isUnsaved ? '[unsaved] ' : ''}${item.text}`);
		else await this.#say(`${shortTime(item.atMs)} ${item.kind === 'note' ? `note: ${item.text}` : item.text}`);
	}

	async #showStatus(status: RecorderStatus): Promise<void> {
		this.#status = status;
		for (const notice of status.notices) {
			if (!this.#notices.has(notice)) await this.#say(notice);
		}
		this.#notices = new Set(status.notices);
		const {session} = status;
		if (session) {
			const conditions = conditionLines(status);
			const now = conditions.map(({kind}) => kind);
			for (const {kind, line} of conditions) if (!this.#conditions.includes(kind)) await this.#say(line);
			for (const kind of this.#conditions) if (!now.includes(kind)) await this.#say(`${kind}: over`);
			this.#conditions = now;
			return;
		}
		if (status.state !== 'idle') return;
		if (this.#folder !== undefined && this.#options.endsWithSession !== false) {
			return this.#endWith({how: 'stopped', folder: this.#folder});
		}
		if (this.#folder === undefined && this.#options.endsWithSession !== false) return this.#endWith({how: 'nothing'});
	}

	async #obey(lines: AsyncIterable<string>): Promise<void> {
		for await (const line of lines) {
			if (this.#end) return;
			await this.#doCommand(line.trim());
		}
	}

	async #doCommand(line: string): Promise<void> {
		const isAsking = this.#isAsking;
		this.#isAsking = false;
		if (isAsking) return line === 'y' ? this.#ask({name: 'stop'}) : this.#say('goes on');
		switch (line[0]) {
			case undefined:
				return;
			case 'r':
				return this.#ask(
					this.#status?.state === 'paused'
						? {name: 'resume'}
						: this.#status?.state === 'idle'
							? {name: 'start', options: {}}
							: {name: 'pause'},
				);
			case 'm':
				return this.#ask({name: 'mark'});
			case 'N': {
				const text = line.slice(1).trim();
				return text === '' ? this.#say('N and the text of the note, in one line') : this.#ask({name: 'note', text});
			}
			case 'q':
				this.#isAsking = true;
				return this.#say('stop and save? y and Enter does, anything else goes on');
			case 'd':
				return this.#endWith({how: 'left'});
			default:
				return this.#say(plainHelp);
		}
	}

	async #ask(command: Command): Promise<void> {
		try {
			const {message, status} = await this.#client.send(command);
			this.#status = status;
			await this.#say(message);
		} catch (error) {
			await this.#say((error as Error).message);
		}
	}

	/** Everything that nobody said stands in brackets. */
	#say(text: string): Promise<void> {
		return this.#write(`[${safeLine(text)}]`);
	}

	#write(line: string): Promise<void> {
		return new Promise(resolve => {
			this.#options.stdout.write(`${line}\n`, error => {
				// Whoever read them has gone (`| head -1`).
				if (error) this.#endWith({how: 'left'});
				resolve();
			});
		});
	}
}
