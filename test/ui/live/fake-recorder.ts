import {appendFileSync, mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Command, RecorderStatus} from '../../../src/recorder/protocol.js';
import type {RecorderClient, RecorderEvent, Reply} from '../../../src/recorder/recorder-client.js';
import type {JournalEntry} from '../../../src/session/journal-entry.js';

export const tapeRate = 24_000;
/** 25 November 2026, 09:30. */
const startedMs = Date.UTC(2026, 10, 25, 9, 30);

/** The status of a session that goes well. */
export function statusOf(
	folder: string,
	changes: Partial<NonNullable<RecorderStatus['session']>> = {},
	state: RecorderStatus['state'] = 'recording',
): RecorderStatus {
	return {
		state,
		recorderPid: process.pid,
		isService: false,
		notices: [],
		session: {
			id: path.basename(folder),
			folder,
			title: '',
			startedAt: new Date(startedMs).toISOString(),
			isOffRecord: false,
			tapeMs: 725_000,
			device: {name: 'USB Microphone', sampleRate: 48_000},
			levelDb: -18,
			peakDb: -6,
			isInputSilent: false,
			overruns: 0,
			disk: 'ok',
			capture: 'running',
			engine: 'running',
			model: {id: 'moonshine-base', name: 'Moonshine base', quantisation: '8-bit', isEmbedded: false},
			rtf: 0.42,
			backlogMs: 300,
			lagMs: 800,
			isBehind: false,
			isSpeechWithoutWords: false,
			...changes,
		},
	};
}

const at = (ms: number) => ({atSample: Math.round((ms / 1000) * tapeRate), wallMs: startedMs + ms});

/** A final caption, as the journal has it. */
export function final(segmentId: number, text: string, startMs: number, endMs = startMs + 3000): JournalEntry {
	const words = text.split(' ').map(word => ({text: word, startMs, endMs}));
	return {type: 'final', ...at(endMs), segment: {segmentId, text, startMs, endMs, words}};
}

/** Other entries of a journal. */
export const entries = {
	clock: (ms = 0): JournalEntry => ({type: 'clock', ...at(ms)}),
	device: (name = 'USB Microphone', ms = 0): JournalEntry => ({type: 'device', ...at(ms), name, sampleRate: tapeRate}),
	mark: (ms: number): JournalEntry => ({type: 'mark', ...at(ms)}),
	note: (ms: number, text: string): JournalEntry => ({type: 'note', ...at(ms), text}),
	gap: (ms: number, lostMs: number): JournalEntry => ({type: 'gap', ...at(ms), lostMs, why: 'device'}),
	state: (ms: number, state: 'recording' | 'paused' | 'stopped'): JournalEntry => ({type: 'state', ...at(ms), state}),
};

/** Spare line feeds, as a journal has them behind its last entry. */
const preallocated = '\n'.repeat(4096);

/** A recorder in this process: a journal in `folder`, and a client that hears what the test says. Commands are kept, and done as `answer` says. */
export class FakeRecorder {
	readonly commands: Command[] = [];
	readonly client: RecorderClient;
	status: RecorderStatus;
	readonly #listeners = new Set<(event: RecorderEvent) => void>();
	readonly #journal: string;
	#text = '';
	#open: {segmentId: number; text: string; startMs: number; endMs: number} | undefined;
	isClosed = false;

	constructor(
		readonly folder: string,
		history: readonly JournalEntry[] = [],
		public answer: (command: Command) => Partial<Reply> | Promise<Partial<Reply>> = () => ({}),
	) {
		mkdirSync(folder, {recursive: true});
		this.#journal = path.join(folder, 'journal.jsonl');
		this.status = statusOf(folder);
		writeFileSync(this.#journal, '');
		this.write(...history);
		this.client = {
			subscribe: listener => {
				this.#listeners.add(listener);
				listener({
					type: 'snapshot',
					status: this.status,
					journalBytes: Buffer.byteLength(this.#text),
					open: this.#open,
				});
				return () => this.#listeners.delete(listener);
			},
			send: async command => {
				this.commands.push(command);
				const answer = await this.answer(command);
				return {type: 'reply', id: 0, isDone: true, message: 'Done.', status: this.status, ...answer};
			},
			close: () => {
				this.isClosed = true;
			},
		};
	}

	/** Brings entries to the journal, without a word to viewers. */
	write(...entries: JournalEntry[]): void {
		this.#text += entries.map(entry => `${JSON.stringify(entry)}\n`).join('');
		writeFileSync(this.#journal, this.#text + preallocated);
	}

	emit(event: RecorderEvent): void {
		for (const listener of this.#listeners) listener(event);
	}

	/** Entries as a recorder makes them: on disk first, then to viewers. */
	say(...entries: JournalEntry[]): void {
		for (const entry of entries) {
			this.write(entry);
			if (entry.type === 'final') this.#open = undefined;
			this.emit({type: 'entry', entry, isUnsaved: false});
		}
	}

	/** What the disk did not take. */
	sayUnsaved(entry: JournalEntry): void {
		this.emit({type: 'entry', entry, isUnsaved: true});
	}

	open(segmentId: number, text: string, startMs: number): void {
		this.#open = {segmentId, text, startMs, endMs: startMs + 1000};
		this.emit({type: 'open', segment: this.#open});
	}

	change(changes: Partial<NonNullable<RecorderStatus['session']>>, state = this.status.state): void {
		this.status = statusOf(this.folder, {...this.status.session, ...changes}, state);
		this.emit({type: 'status', status: this.status});
	}
}

/** Appends to a journal what is no entry. */
export const damage = (folder: string, text: string) => appendFileSync(path.join(folder, 'journal.jsonl'), text);
