import {setTimeout} from 'node:timers/promises';
import type {CaptureEvent, CaptureStatus} from '../capture/protocol.js';
import {restartSentence} from '../engine/watchdog.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import type {Segment} from '../session/segment.js';
import type {SessionRecord} from '../session/session-record.js';
import {CaptureLink} from './capture-link.js';
import {ClockJumps} from './clock-jumps.js';
import type {FromRecorder, RecorderState, SessionStatus} from './protocol.js';
import {SessionCaptions} from './session-captions.js';
import type {SessionModel} from './session-model.js';
import {ShownJournal} from './shown-journal.js';
import {SpeechWatch} from './speech-watch.js';

/** A session and who hears of it. The callbacks must not throw and should return soon. */
export type LiveSessionOptions = {
	folder: string;
	record: SessionRecord;
	isOffRecord: boolean;
	model: SessionModel;
	journal: JournalWriter;
	/** What the journal holds already, where the session is gone on with. */
	entries: readonly JournalEntry[];
	/** Starts a capture that begins the tape or goes on with it; `isPaused`: without opening the device. */
	launchCapture(isPaused: boolean): Promise<unknown>;
	/** Tells viewers. */
	show(message: FromRecorder): void;
	/** The status changed. */
	onChange(): void;
	/** Says something to everybody who looks, until it is said under the same `key` that it is over. Untrusted. */
	notice(key: string, sentence: string | undefined): void;
	/** Capture ended the recording by itself, for the reason that `why` says. */
	onLimit(why: string): void;
};

/** No device gave anything but zeros for so long: said in words. */
const silentInputMs = 3000;
/** A device closes and opens within a second; one that hangs is not waited for. */
const commandTimeoutMs = 5000;

/** A session while it is recorded: the capture that records it, the captions of its tape, its journal. */
export class LiveSession {
	readonly folder: string;
	readonly record: SessionRecord;
	readonly isOffRecord: boolean;
	readonly #options: LiveSessionOptions;
	readonly #journal: ShownJournal;
	readonly #link: CaptureLink;
	readonly #speech = new SpeechWatch();
	readonly #clock = new ClockJumps();
	#wantsClock: boolean;
	readonly #gaps: number[];
	/** Entries that capture says again after it could not know that they were journalled. */
	readonly #journalled: Map<string, Promise<void>>;
	#captions: SessionCaptions | undefined;
	#status: CaptureStatus | undefined;
	#statusMs = 0;
	#state: RecorderState = 'starting';
	#isCaptureRunning = false;
	#capturePid: number | undefined;
	/** Captures that recorded this session so far. */
	#nCaptures = 0;
	#engine: SessionStatus['engine'] = 'loading';
	#isGrowing = true;
	readonly #secondTimer: NodeJS.Timeout;

	/** Begins the session, or goes on with it where the journal has entries. */
	constructor(options: LiveSessionOptions) {
		const {folder, record, isOffRecord, journal, entries, model, launchCapture, show, notice, onChange} = options;
		this.folder = folder;
		this.record = record;
		this.isOffRecord = isOffRecord;
		this.#options = options;
		this.#journal = new ShownJournal(journal, show);
		this.#gaps = entries.flatMap(entry => (entry.type === 'gap' ? [entry.atSample] : []));
		const others = entries.filter(({type}) => type !== 'final');
		this.#journalled = new Map(others.map(entry => [JSON.stringify(entry), Promise.resolve()]));
		const isPaused = entries.findLast(entry => entry.type === 'state')?.state === 'paused';
		this.#wantsClock = entries.length > 0;
		if (entries.length === 0) {
			this.#append({type: 'clock', atSample: 0, wallMs: Date.now()});
			const {id, name, quantisation} = model.info;
			const {framesPerCall} = model.engine;
			this.#append({type: 'model', atSample: 0, wallMs: Date.now(), id, name, quantisation, framesPerCall});
			this.#append({type: 'state', atSample: 0, wallMs: Date.now(), state: 'recording'});
		}
		this.#link = new CaptureLink(
			{
				folder,
				launch: () => launchCapture(this.#isPaused),
				onStatus: status => this.#takeStatus(status),
				onEvent: event => this.#takeEvent(event),
				onRunning: isRunning => {
					this.#isCaptureRunning = isRunning;
					// What it held is gone, unless it is the same one.
					if (isRunning && this.#link.pid !== this.#capturePid) this.#nCaptures++;
					if (isRunning) this.#capturePid = this.#link.pid;
					onChange();
				},
				onProblem: problem => notice('capture', problem),
			},
			isPaused,
		);
		this.#isPaused = isPaused;
		this.#secondTimer = setInterval(() => this.#everySecond(), 1000);
		this.#begin();
	}

	#isPaused: boolean;

	/** Where the session stands. */
	get state(): RecorderState {
		return this.#state;
	}

	/** Bytes of the journal that are on the medium. */
	get journalBytes(): number {
		return this.#journal.bytes;
	}

	/** The open line. */
	get open(): Segment | undefined {
		return this.#journal.open;
	}

	/** What viewers see and the disk has not taken. */
	unsavedMessages(): FromRecorder[] {
		return this.#journal.unsavedMessages();
	}

	/** The disk refuses entries of the journal. */
	journalRefused(): void {
		this.#journal.refused();
	}

	/** What viewers are told of the session. */
	status(): SessionStatus {
		const status = this.#status;
		const pace = this.#captions?.pace;
		const backlogMs = pace?.backlogMs ?? this.#tapeMs;
		return {
			id: this.record.id,
			folder: this.folder,
			title: this.record.title,
			startedAt: this.record.startedAt,
			isOffRecord: this.isOffRecord,
			tapeMs: this.#tapeMs,
			device: status?.device,
			levelDb: status?.levelDb ?? -120,
			peakDb: status?.peakDb ?? -120,
			isInputSilent: (status?.silentInputMs ?? 0) >= silentInputMs && status?.state === 'recording',
			overruns: status?.overruns ?? 0,
			disk: status?.disk ?? 'ok',
			capture: this.#isCaptureRunning || ['starting', 'stopping'].includes(this.#state) ? 'running' : 'restarting',
			engine: this.#engine,
			model: this.#options.model.info,
			rtf: pace?.rtf ?? 0,
			backlogMs,
			lagMs: backlogMs + (this.#captions?.delayMs ?? 0),
			isBehind: pace?.isBehind ?? false,
			isSpeechWithoutWords: this.#speech.isOdd(performance.now()),
			capturePid: this.#link.pid,
		};
	}

	/** Closes the device until `resume`; resolves when it is closed. */
	async pause(): Promise<void> {
		this.#isPaused = true;
		this.#link.pause();
		await this.#until(() => this.#state !== 'recording');
	}

	/** Opens the device again; resolves when capture does so. */
	async resume(): Promise<void> {
		this.#isPaused = false;
		this.#link.resume();
		await this.#until(() => this.#state !== 'paused');
	}

	/** Points at this moment; resolves when that is in the journal. */
	mark(): Promise<void> {
		return this.#append({type: 'mark', atSample: this.#nowSample(), wallMs: Date.now()});
	}

	/** Puts a line into the transcript, here; resolves when it is in the journal. Untrusted. */
	note(text: string): Promise<void> {
		return this.#append({type: 'note', atSample: this.#nowSample(), wallMs: Date.now(), text});
	}

	/** Ends the recording, and captions what is on the tape; resolves when the last final is in the journal: true where nothing was given up. */
	async stop(why?: string): Promise<boolean> {
		this.#setState('stopping');
		const endSample = (await this.#link.stop()) ?? this.#status?.writtenSamples ?? 0;
		this.#isGrowing = false;
		const isComplete = (await this.#captions?.done) ?? true;
		clearInterval(this.#secondTimer);
		this.#append({
			type: 'state',
			atSample: endSample,
			wallMs: Date.now(),
			state: 'stopped',
			...(why !== undefined && {why}),
		});
		return isComplete;
	}

	/** Lets capture record on without this recorder, which ends. */
	leave(): void {
		clearInterval(this.#secondTimer);
		this.#link.leave();
		this.#captions?.abort();
	}

	#begin(): void {
		const {folder, model, entries} = this.#options;
		this.#captions = new SessionCaptions({
			folder,
			engine: {...model.engine, isLive: true},
			entries,
			gaps: this.#gaps,
			isGrowing: () => this.#isGrowing,
			held: {
				isNeeded: () => this.#status !== undefined && this.#status.disk !== 'ok',
				heldSamples: () => this.#status?.heldSamples ?? 0,
				lostSamples: () => this.#status?.lostSamples ?? 0,
				source: () => this.#nCaptures,
				read: fromSample => this.#link.held(fromSample),
			},
			onState: (state, problem) => {
				this.#engine = state;
				// What went wrong stays in view until an engine runs again.
				if (state !== 'loading') this.#options.notice('engine', problem);
				this.#options.onChange();
			},
			onOpen: segment => {
				if (segment) {
					this.#speech.restart();
					this.#options.notice('model', undefined);
				}
				this.#journal.showOpen(segment);
			},
			onFinal: segment => this.#takeFinal(segment),
			onRestart: atMs => this.#options.notice('model', restartSentence(atMs)),
		});
	}

	#takeStatus(status: CaptureStatus): void {
		const before = this.#status;
		this.#status = status;
		this.#statusMs = performance.now();
		this.#captions?.pace.heard(this.#tapeMs, this.#statusMs);
		if (status.state === 'recording' && this.#engine === 'running' && !this.#captions?.pace.isBehind) {
			this.#speech.heard(status.levelDb, this.#statusMs);
		} else {
			this.#speech.restart();
		}
		this.#options.notice('capture', status.problem);
		if (status.disk === 'refused' && before?.disk !== 'refused') this.#journal.refused();
		if (this.#state !== 'stopping' && status.state !== 'opening' && status.state !== 'stopping') {
			this.#setState(status.state === 'paused' ? 'paused' : 'recording');
		}
		if (before?.state !== status.state || before.disk !== status.disk) this.#options.onChange();
	}

	async #takeEvent(event: CaptureEvent): Promise<void> {
		const {atSample, wallMs} = event;
		switch (event.type) {
			case 'gap-began':
				this.#addGap(atSample);
				if (event.why === 'paused') await this.#appendOnce({type: 'state', atSample, wallMs, state: 'paused'});
				return;
			case 'gap':
				this.#addGap(atSample);
				await this.#appendOnce({type: 'gap', atSample, wallMs, lostMs: event.lostMs, why: event.why});
				if (event.why === 'paused') {
					const endMs = wallMs + event.lostMs;
					await this.#appendOnce({type: 'state', atSample, wallMs: endMs, state: 'recording'});
				}
				return;
			case 'device':
				await this.#appendOnce({type: 'device', atSample, wallMs, name: event.name, sampleRate: event.sampleRate});
				return;
			case 'limit':
				this.#options.onLimit(event.why);
				return;
		}
	}

	#takeFinal(segment: Segment): void {
		this.#speech.restart();
		const rate = this.#captions?.tapeRate ?? 0;
		const reachedMs = this.#captions?.pace.reachedMs(segment.endMs);
		void this.#append({
			type: 'final',
			atSample: Math.round((segment.endMs * rate) / 1000),
			wallMs: Date.now(),
			segment,
			...(reachedMs !== undefined && {lagMs: Math.round(performance.now() - reachedMs)}),
		});
	}

	#everySecond(): void {
		// The recorder before this one may have died over the jump.
		if ((this.#clock.hasJumped() || this.#wantsClock) && this.#status) {
			this.#wantsClock = false;
			this.#append({type: 'clock', atSample: this.#nowSample(), wallMs: Date.now()});
		}
		this.#options.onChange();
	}

	/** Waits for what capture is asked for; a capture that is being replaced does it when it is there. */
	async #until(isSo: () => boolean): Promise<void> {
		const deadline = performance.now() + commandTimeoutMs;
		while (!isSo() && performance.now() < deadline) await setTimeout(20);
	}

	#addGap(atSample: number): void {
		if (this.#gaps.includes(atSample)) return;
		this.#gaps.push(atSample);
		this.#gaps.sort((a, b) => a - b);
	}

	/** What capture says again, after its recorder died before it could say that it received it, is in the journal already. */
	async #appendOnce(entry: JournalEntry): Promise<void> {
		const line = JSON.stringify(entry);
		const appended = this.#journalled.get(line) ?? this.#append(entry);
		this.#journalled.set(line, appended);
		await appended;
	}

	#append(entry: JournalEntry): Promise<void> {
		return this.#journal.append(entry);
	}

	#setState(state: RecorderState): void {
		if (this.#state === state) return;
		this.#state = state;
		this.#options.onChange();
	}

	get #tapeMs(): number {
		const {writtenSamples = 0, heldSamples = 0, tapeRate = 0} = this.#status ?? {};
		return tapeRate > 0 ? ((writtenSamples + heldSamples) * 1000) / tapeRate : 0;
	}

	/** The sample that is heard now: the last status is a part of a second old. */
	#nowSample(): number {
		const {writtenSamples = 0, heldSamples = 0, tapeRate = 0, state} = this.#status ?? {};
		const sinceMs = state === 'recording' ? performance.now() - this.#statusMs : 0;
		return Math.round(writtenSamples + heldSamples + (Math.min(sinceMs, 1000) * tapeRate) / 1000);
	}
}
