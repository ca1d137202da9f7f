import type {Server, Socket} from 'node:net';
import {setTimeout} from 'node:timers/promises';
import type {StartCaptureOptions} from '../capture/start-capture.js';
import {wipeOffRecord} from '../session/off-record.js';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';
import {runFolder} from '../system/folders.js';
import {listenPrivately} from '../system/private-socket.js';
import {claimRecorder, releaseRecorder} from './claim-recorder.js';
import {Notices} from './notices.js';
import type {Command, FromRecorder, RecorderStatus, StartOptions} from './protocol.js';
import {SessionDesk} from './session-desk.js';
import {type Outcome, Viewers} from './viewers.js';

/** How a recorder runs. `isService`: it stays while nothing is recorded. `recordsAtBoot`: it begins a session by itself. */
export type RecorderOptions = {
	isService: boolean;
	recordsAtBoot: boolean;
	/** What starts a recorder like this one. */
	command: readonly string[];
	startCapture(options: StartCaptureOptions): Promise<void>;
	log(line: string): void;
};

/** So long a recorder that is no service waits for somebody, with nothing to do. */
const idleMs = 5000;
const claimAgainMs = 1000;
/** Changes are told together: viewers read no faster. */
const statusPauseMs = 100;
/** The consent line stays for those who look a little later. */
const consentMs = 30_000;

/**
 * The recorder of a user: one session at a time, and whoever looks at it. Resolves when it has ended: `other-runs` where another recorder runs, at once, but for a service. `signal` ends the session as
 * `stop` does, and then the recorder.
 */
export async function runRecorder(options: RecorderOptions, signal: AbortSignal): Promise<'ended' | 'other-runs'> {
	const recorder = new Recorder(options);
	return recorder.run(signal);
}

class Recorder {
	readonly #options: RecorderOptions;
	readonly #notices = new Notices();
	readonly #viewers: Viewers;
	readonly #desk: SessionDesk;
	readonly #ended: Promise<void>;
	#end: () => void = () => {};
	#idleTimer: NodeJS.Timeout | undefined;
	#statusTimer: NodeJS.Timeout | undefined;
	#isEnding = false;

	constructor(options: RecorderOptions) {
		this.#options = options;
		this.#ended = new Promise(resolve => {
			this.#end = resolve;
		});
		this.#viewers = new Viewers({
			snapshot: () => this.#snapshot(),
			status: () => this.#status(),
			onCommand: command => this.#obey(command),
			onCount: () => this.#lookIdle(),
		});
		this.#desk = new SessionDesk({
			recorderCommand: options.command,
			startCapture: options.startCapture,
			log: options.log,
			show: message => this.#viewers.show(message),
			onChange: () => this.#statusSoon(),
			onSession: () => {
				this.#viewers.showAnew();
				this.#lookIdle();
			},
			notice: (key, sentence) => {
				if (this.#notices.say(key, sentence)) this.#statusSoon();
			},
		});
	}

	async run(signal: AbortSignal): Promise<'ended' | 'other-runs'> {
		let isReady: () => void = () => {};
		const ready = new Promise<void>(resolve => {
			isReady = resolve;
		});
		// Whoever is early waits until it is known what is recorded.
		const greet = (socket: Socket) => {
			socket.on('error', () => {});
			void ready.then(() => this.#viewers.add(socket));
		};
		const {server, file} = await listenPrivately(runFolder, greet);
		try {
			if (!(await this.#claim(file, signal))) return 'other-runs';
			signal.addEventListener('abort', () => void this.#stopAndEnd(), {once: true});
			this.#wipeOffRecord();
			await this.#desk.takeOver();
			isReady();
			if (this.#options.recordsAtBoot && !this.#desk.session) await this.#recordAtBoot();
			this.#lookIdle();
			if (signal.aborted) void this.#stopAndEnd();
			await this.#ended;
			return 'ended';
		} finally {
			await releaseRecorder(file);
			this.#viewers.close('The recorder ended: nothing is recorded.');
			await closeServer(server);
		}
	}

	/** Becomes the one recorder; a viewer may have started another one while a service was between two: the service waits, and is there when that one has ended. */
	async #claim(socket: string, signal: AbortSignal): Promise<boolean> {
		while (!(await claimRecorder(socket))) {
			if (!this.#options.isService || signal.aborted) return false;
			await setTimeout(claimAgainMs, undefined, {signal}).catch(() => {});
		}
		return true;
	}

	/** What sessions off the record left behind, whose every process was killed. */
	#wipeOffRecord(): void {
		try {
			wipeOffRecord();
		} catch (error) {
			this.#notices.say(
				'off-record',
				`What a session off the record left in memory could not be wiped: ${(error as Error).message}`,
			);
		}
	}

	async #recordAtBoot(): Promise<void> {
		const {isDone, message} = await this.#desk.start({}, {isAtBoot: true});
		if (!isDone) this.#notices.say('boot', `A recording was to begin when the machine started: ${message}`);
	}

	async #obey(command: Command): Promise<Outcome> {
		const session = this.#desk.session;
		if (command.name === 'start') return this.#start(command.options);
		if (command.name === 'exit') {
			if (session) return {isDone: false, message: 'A session is on: stop it first.'};
			this.#isEnding = true;
			// Behind the answer.
			setImmediate(this.#end);
			return {isDone: true, message: 'The recorder ends.'};
		}
		if (!session) return {isDone: false, message: 'Nothing is recording: `pi-caption start` begins a session.'};
		const {folder} = session;
		switch (command.name) {
			case 'pause':
				if (session.state === 'paused') return {isDone: true, message: 'Paused already.', folder};
				if (session.state === 'stopping') return {isDone: false, message: 'The session is being stopped.', folder};
				await session.pause();
				return {isDone: true, message: 'Paused: the microphone is closed.', folder};
			case 'resume':
				if (session.state === 'recording') return {isDone: true, message: 'Recording already.', folder};
				if (session.state === 'stopping') return {isDone: false, message: 'The session is being stopped.', folder};
				await session.resume();
				return {isDone: true, message: 'Recording goes on.', folder};
			case 'mark':
				await session.mark();
				return {isDone: true, message: 'Marked.', folder};
			case 'note':
				await session.note(command.text);
				return {isDone: true, message: 'Noted.', folder};
			case 'stop':
				return this.#desk.stop();
		}
	}

	async #start(options: StartOptions): Promise<Outcome> {
		if (this.#isEnding) return {isDone: false, message: 'The recorder is ending: try again.'};
		// Of two that begin at the same moment, the second one finds the first one's session.
		await this.#desk.started();
		const session = this.#desk.session;
		if (session) {
			const length = shortTime(session.status().tapeMs);
			const message = `A session is recording already (${safeLine(session.record.title)}, ${length}): \`pi-caption attach\` shows it, \`pi-caption stop\` ends it.`;
			return {isDone: false, message, folder: session.folder};
		}
		const outcome = await this.#desk.start(options);
		if (outcome.isDone) {
			this.#notices.say(
				'consent',
				options.isOffRecord
					? 'This conversation is being captioned, and nothing of it is kept: tell everybody.'
					: 'This conversation is being recorded: tell everybody.',
			);
			void setTimeout(consentMs, undefined, {ref: false}).then(() => {
				if (this.#notices.say('consent', undefined)) this.#statusSoon();
			});
		}
		return outcome;
	}

	/** Ends the session properly, then the recorder. */
	async #stopAndEnd(): Promise<void> {
		this.#isEnding = true;
		if (this.#desk.session) await this.#desk.stop();
		await this.#desk.pauseRecovery();
		this.#end();
	}

	#snapshot(): FromRecorder[] {
		const session = this.#desk.session;
		const open = session?.open;
		return [
			{
				type: 'snapshot',
				status: this.#status(),
				journalBytes: session?.journalBytes ?? 0,
				open: open && {segmentId: open.segmentId, text: open.text, startMs: open.startMs, endMs: open.endMs},
			},
			...(session?.unsavedMessages() ?? []),
		];
	}

	#status(): RecorderStatus {
		return {
			state: this.#desk.state,
			recorderPid: process.pid,
			isService: this.#options.isService,
			session: this.#desk.session?.status(),
			notices: this.#notices.all,
		};
	}

	#statusSoon(): void {
		this.#statusTimer ??= globalThis.setTimeout(() => {
			this.#statusTimer = undefined;
			this.#viewers.show({type: 'status', status: this.#status()});
		}, statusPauseMs);
	}

	/** A recorder with nothing to do and nobody who looks ends after a while. */
	#lookIdle(): void {
		clearTimeout(this.#idleTimer);
		const isIdle = this.#desk.state === 'idle' && !this.#desk.isRecovering && this.#viewers.count === 0;
		if (!isIdle || this.#options.isService) return;
		this.#idleTimer = globalThis.setTimeout(() => {
			this.#isEnding = true;
			this.#end();
		}, idleMs);
	}
}

const closeServer = (server: Server) => new Promise<void>(resolve => server.close(() => resolve()));
