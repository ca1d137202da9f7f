import {rm} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {z} from 'zod';
import {adviseForLogout} from '../audio/microphones/logout.js';
import {runningCapture} from '../capture/capture-record.js';
import type {StartCaptureOptions} from '../capture/start-capture.js';
import {finishSession, writeTranscript} from '../session/finish-session.js';
import {continueJournal, createJournal} from '../session/journal.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import {createOffRecordSession, endOffRecordSession, isOffRecord} from '../session/off-record.js';
import {safeLine} from '../session/safe-text.js';
import {claimSession} from '../session/session-claim.js';
import {SessionError} from '../session/session-error.js';
import {createSession, readSessionRecord, type SessionFolder} from '../session/session-folder.js';
import {type SessionRecord, sessionFiles} from '../session/session-record.js';
import {loadTranscript} from '../session/transcript.js';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {openSettings, type Settings} from '../system/settings.js';
import {CaptureLink} from './capture-link.js';
import {closeTape} from './close-tape.js';
import {LiveSession} from './live-session.js';
import type {FromRecorder, RecorderState, StartOptions} from './protocol.js';
import {Recovery} from './recovery.js';
import {modelOfJournal, type SessionModel, sessionModel} from './session-model.js';
import type {Outcome} from './viewers.js';

/** Who hears of sessions. The callbacks must not throw and should return soon. */
export type SessionDeskOptions = {
	/** What starts a recorder like this one: capture does, when this one dies. */
	recorderCommand: readonly string[];
	startCapture(options: StartCaptureOptions): Promise<void>;
	log(line: string): void;
	show(message: FromRecorder): void;
	onChange(): void;
	/** Another session is on, or none. */
	onSession(): void;
	notice(key: string, sentence: string | undefined): void;
};

/** So long the answer to `start` waits for the microphone. */
const deviceTimeoutMs = 6000;
/** In the session's folder, for who takes over after a crash: which microphone was asked for, and whether anybody asked. */
const beginningFile = '.beginning.json';
const beginning = z.object({device: z.string().max(1000).optional(), isAtBoot: z.boolean().optional()});

const atBootNotice = 'This recording began by itself when the machine started (service --record-at-boot).';

type Running = {session: LiveSession; writer: JournalWriter; release(): void; settings: Settings};

/** Begins sessions, takes over those whose recorder died, and ends them: one at a time. */
export class SessionDesk {
	readonly #options: SessionDeskOptions;
	#running: Running | undefined;
	#starting: Promise<Outcome> | undefined;
	#stopping: Promise<Outcome> | undefined;
	readonly #recovery: Recovery;

	constructor(options: SessionDeskOptions) {
		this.#options = options;
		this.#recovery = new Recovery({log: options.log, notice: options.notice, onChange: options.onSession});
	}

	/** The session that is on. */
	get session(): LiveSession | undefined {
		return this.#running?.session;
	}

	/** Where it stands. */
	get state(): RecorderState {
		return this.#running?.session.state ?? (this.#starting ? 'starting' : 'idle');
	}

	/** Whether broken-off sessions are being recovered. */
	get isRecovering(): boolean {
		return this.#recovery.isRunning;
	}

	/** Leaves what is not recovered for later. */
	pauseRecovery(): Promise<void> {
		return this.#recovery.pause();
	}

	/** Goes on with the session that a living capture records, where its recorder died. */
	async takeOver(): Promise<void> {
		const capture = await runningCapture();
		if (!capture) {
			this.#recovery.begin(openSettings().values);
			return;
		}
		const folder = capture.sessionFolder;
		const record = await this.#recordOf(folder);
		if (!record) return;
		const settings = openSettings().values;
		const journalOptions = this.#journalOptions();
		const {writer, journal} = await continueJournal(path.join(folder, sessionFiles.journal), journalOptions);
		const model = await modelOfJournal(journal.entries, settings);
		this.#options.log(`Goes on with ${record.id}, which process ${capture.process.pid} records.`);
		const {device, isAtBoot} = (await readJsonRecord(path.join(folder, beginningFile), beginning)) ?? {};
		if (isAtBoot) this.#options.notice('boot', atBootNotice);
		this.#run({folder, record}, {writer, entries: journal.entries, model, settings, device});
		this.#options.notice(
			'recovery',
			'The recorder was started again in the middle of this session: nothing of the recording is lost.',
		);
		void setTimeout(60_000, undefined, {ref: false}).then(() => this.#options.notice('recovery', undefined));
	}

	/** What `session.json` says of a session that is being recorded; where that is gone or damaged, nobody can go on with it, and its capture is ended: what is on the tape stays. */
	async #recordOf(folder: string): Promise<SessionRecord | undefined> {
		try {
			return await readSessionRecord(folder);
		} catch (error) {
			if (!(error instanceof SessionError)) throw error;
			this.#options.log(`Cannot go on with what is recorded: ${error.message}`);
			this.#options.notice(
				'recovery',
				`What was being recorded was ended, as nobody could go on with it: ${error.message}`,
			);
			const link = new CaptureLink({
				folder,
				launch: async () => {},
				onStatus: () => {},
				onEvent: async () => {},
				onRunning: () => {},
				onProblem: () => {},
			});
			await link.stop();
			return undefined;
		}
	}

	/** Begins a session where none is on; the outcome says how, or why not. `isAtBoot`: nobody asked for it, and every viewer is told so. */
	start(options: StartOptions, {isAtBoot = false} = {}): Promise<Outcome> {
		if (isAtBoot) this.#options.notice('boot', atBootNotice);
		this.#starting = this.#start(options, isAtBoot).finally(() => {
			this.#starting = undefined;
			this.#options.onSession();
		});
		this.#options.onChange();
		return this.#starting;
	}

	/** Resolves when no session is being begun. */
	async started(): Promise<void> {
		await this.#starting;
	}

	async #start(options: StartOptions, isAtBoot: boolean): Promise<Outcome> {
		try {
			await this.#recovery.pause();
			const {values: settings, warnings} = openSettings();
			this.#options.notice('settings', warnings[0]);
			const latency = options.latency ?? settings.latency;
			const model = await sessionModel(options.model ?? settings.model, latency, settings.threads);
			const {device, warning} = await adviseForLogout(options.device ?? settings.device);
			this.#options.notice('linger', warning);
			const title = safeLine(options.title ?? '') || defaultTitle(new Date());
			const made = options.isOffRecord
				? await createOffRecordSession({title})
				: await createSession(settings.sessionsFolder, {title});
			const writer = await createJournal(path.join(made.folder, sessionFiles.journal), this.#journalOptions());
			await writeJsonRecord(path.join(made.folder, beginningFile), {device, isAtBoot});
			const session = this.#run(made, {writer, entries: [], model, settings, device});
			await this.#settled(session);
			const opened = session.status().device;
			const heard = opened ? `from ${safeLine(opened.name)}` : 'and no microphone is there yet: it is looked for';
			const where = session.isOffRecord ? 'off the record' : `in ${made.folder}`;
			return {isDone: true, message: `Recording ${safeLine(title)} ${where}, ${heard}.`, folder: made.folder};
		} catch (error) {
			this.#options.log(`A session could not be started: ${(error as Error).message}`);
			return {isDone: false, message: whyNot(error)};
		}
	}

	/** Ends the session: what is on the tape is captioned, the transcript is written. */
	stop(why?: string): Promise<Outcome> {
		this.#stopping ??= this.#stop(why).finally(() => {
			this.#stopping = undefined;
		});
		return this.#stopping;
	}

	async #stop(why: string | undefined): Promise<Outcome> {
		const {session, writer, release, settings} = this.#running!;
		const {folder} = session;
		let message: string;
		let isDone = false;
		try {
			const isComplete = await session.stop(why);
			const lost = await writer.close();
			if (session.isOffRecord) {
				message = 'Stopped: nothing of it is kept.';
			} else {
				// A capture that died at the end left it open.
				await closeTape(folder);
				// What the captions lack is on the tape alone: the session stays one that wants recovery.
				if (!isComplete || lost.length > 0) {
					const file = await writeTranscript(await loadTranscript(folder));
					message = `Saved as far as it could be captioned: ${file}; \`pi-caption recover ${path.basename(folder)}\` does the rest`;
				} else {
					const {transcriptFile, keptAudio} = await finishSession(folder, settings.keepAudio);
					message = [`Saved: ${transcriptFile}`, ...(keptAudio === undefined ? [] : [keptAudio])].join('. ');
				}
			}
			isDone = true;
		} catch (error) {
			message = `The session was stopped, and what is on disk is in ${folder}; the transcript could not be written: ${(error as Error).message}`;
			this.#options.log(message);
		}
		release();
		await rm(path.join(folder, beginningFile), {force: true});
		if (session.isOffRecord) await endOffRecordSession(folder);
		this.#running = undefined;
		this.#recovery.begin(settings);
		this.#options.notice('engine', undefined);
		this.#options.notice('model', undefined);
		this.#options.notice('capture', undefined);
		this.#options.notice('linger', undefined);
		this.#options.notice('boot', undefined);
		if (why !== undefined) this.#options.notice('limit', why);
		this.#options.onSession();
		return {isDone, message, folder};
	}

	#run(
		{folder, record}: SessionFolder,
		begun: {
			writer: JournalWriter;
			entries: readonly JournalEntry[];
			model: SessionModel;
			settings: Settings;
			device: string | undefined;
		},
	): LiveSession {
		const {writer, entries, model, settings, device} = begun;
		const release = claimSession(folder);
		const {show, onChange, notice} = this.#options;
		const session = new LiveSession({
			folder,
			record,
			isOffRecord: isOffRecord(folder),
			model,
			journal: writer,
			entries,
			launchCapture: isPaused =>
				this.#options.startCapture({
					sessionFolder: folder,
					device,
					channel: settings.channel,
					isOffRecord: isOffRecord(folder),
					isPaused,
					maxHours: settings.maxHours,
					minFreeMb: settings.minFreeMb,
					recorderCommand: this.#options.recorderCommand,
				}),
			show,
			onChange,
			notice,
			onLimit: why => void this.stop(why),
		});
		this.#running = {session, writer, release, settings};
		return session;
	}

	#journalOptions() {
		return {
			onHealth: (health: 'ok' | 'refused') => {
				if (health === 'refused') this.#running?.session.journalRefused();
				this.#options.onChange();
			},
		};
	}

	/** Resolves when the microphone is open, known to be missing, or it took too long. */
	async #settled(session: LiveSession): Promise<void> {
		const deadline = performance.now() + deviceTimeoutMs;
		while (session.state === 'starting' && performance.now() < deadline) await setTimeout(20);
	}
}

/** Why a session could not be begun, in one sentence. */
function whyNot(error: unknown): string {
	const {code, syscall, path: place, message} = error as NodeJS.ErrnoException;
	if (!syscall) return message;
	const reasons: Record<string, string> = {
		ENOSPC: 'no space is left on the disk',
		EDQUOT: 'the disk quota is used up',
		EROFS: 'the disk is read-only',
		EACCES: 'permission denied',
	};
	return `No session can be begun${place ? ` in ${place}` : ''}: ${reasons[code ?? ''] ?? code ?? message}.`;
}

/** As people name what happened then: `Session of 2026-11-25, 09:30`. */
function defaultTitle(date: Date): string {
	const two = (count: number) => String(count).padStart(2, '0');
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `Session of ${day}, ${two(date.getHours())}:${two(date.getMinutes())}`;
}
