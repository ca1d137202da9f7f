import path from 'node:path';
import type {MicrophoneRequest} from '../audio/microphone.js';
import {SoundLevel, silentDb} from '../audio/sound-level.js';
import type {GapReason} from '../session/journal-entry.js';
import {safeLine} from '../session/safe-text.js';
import {claimSession} from '../session/session-claim.js';
import {sessionFiles} from '../session/session-record.js';
import {bytesPerSample} from '../session/tape-header.js';
import {runFolder} from '../system/folders.js';
import {identifyProcess} from '../system/process-identity.js';
import {CaptureError} from './capture-error.js';
import {CaptureEvents} from './capture-events.js';
import {claimCapture, releaseCapture} from './capture-record.js';
import {type Limits, limitReached} from './limits.js';
import {type KeeperState, MicrophoneKeeper, type Microphones} from './microphone-keeper.js';
import {type CaptureState, type CaptureStatus, captureProtocolVersion, type FromCapture} from './protocol.js';
import {type CaptureCommand, RecorderLink} from './recorder-link.js';
import {RecorderWatch} from './recorder-watch.js';
import {TapeFeed} from './tape-feed.js';

/** What to capture. */
export type CaptureOptions = {
	/** Folder of the session, which exists; absolute. */
	sessionFolder: string;
	microphone: MicrophoneRequest;
	/** The tape forgets what is older than a minute, and free disk is no limit. */
	isOffRecord: boolean;
	/** Begins paused: the device stays closed until `resume`. */
	isPaused: boolean;
	/** Why a tape that is there already has no samples since it broke off. */
	why: GapReason;
	/** Wall clock at which it broke off, in milliseconds since 1970. @default when it was written last */
	sinceWallMs?: number | undefined;
	limits: Limits;
	/** Starts a recorder; resolves when its process has ended. */
	startRecorder(): Promise<void>;
	microphones: Microphones;
	/** Ends the tape and the capture. */
	signal: AbortSignal;
};

const limitEveryMs = 2000;
/** Samples of one `held` message: 64,000 characters of base64. */
const heldSamples = 24_000;
/** At the end a recorder that is there takes the last events within milliseconds, one that stalls with its disk within seconds. */
const lastWordsMs = 5000;
/** After a limit nobody may be there: a recorder is started to hear why. */
const limitWordsMs = 120_000;

/**
 * Records the session's microphone on its tape until a recorder says `stop`, a limit is reached or `signal` aborts; resolves when the tape is closed and the recorder was told.
 * Throws `CaptureError` `running` where a capture runs already, and what `TapeFeed.open` throws.
 */
export async function capture(options: CaptureOptions): Promise<void> {
	await new Capture(options).run();
}

class Capture {
	readonly #options: CaptureOptions;
	readonly #events = new CaptureEvents();
	readonly #level = new SoundLevel();
	readonly #link: RecorderLink;
	readonly #watch: RecorderWatch;
	readonly #keeper: MicrophoneKeeper;
	readonly #feed: TapeFeed;
	#isPaused: boolean;
	#isStopping = false;
	/** Pausing and resuming, one after the other. */
	#switching: Promise<void> = Promise.resolve();
	#problem: string | undefined;
	#limit: string | undefined;
	#stop: () => void = () => {};
	readonly #stopped: Promise<void>;

	constructor(options: CaptureOptions) {
		this.#options = options;
		this.#isPaused = options.isPaused;
		this.#stopped = new Promise(resolve => {
			this.#stop = resolve;
		});
		const {sessionFolder, isOffRecord, why, sinceWallMs} = options;
		this.#feed = new TapeFeed({
			file: path.join(sessionFolder, sessionFiles.tape),
			isOffRecord,
			events: this.#events,
			why,
			sinceWallMs,
		});
		this.#link = new RecorderLink({
			folder: runFolder,
			sessionFolder,
			events: this.#events,
			status: () => this.#status(),
			onCommand: command => this.#obey(command),
		});
		this.#watch = new RecorderWatch(this.#link, options.startRecorder);
		this.#keeper = new MicrophoneKeeper(options.microphone, this.#keptListener(), options.microphones);
	}

	async run(): Promise<void> {
		const socket = await this.#link.listen();
		try {
			await this.#claim(socket);
			const unclaim = claimSession(this.#options.sessionFolder);
			try {
				await this.#record();
			} finally {
				unclaim();
				await releaseCapture();
			}
		} finally {
			this.#watch.end();
			await this.#link.close();
		}
	}

	async #record(): Promise<void> {
		const {signal} = this.#options;
		await this.#feed.continue();
		if (this.#isPaused) this.#feed.beginGap('paused');
		else this.#keeper.open();
		this.#watch.begin();
		const limitTimer = setInterval(() => void this.#look(), limitEveryMs);
		signal.addEventListener('abort', () => this.#stop(), {once: true});
		if (!signal.aborted) await this.#stopped;
		clearInterval(limitTimer);
		await this.#end();
	}

	async #claim(socket: string): Promise<void> {
		const {sessionFolder} = this.#options;
		const process = identifyProcess()!;
		const other = await claimCapture({process, socket, sessionFolder, protocolVersion: captureProtocolVersion});
		if (!other) return;
		throw new CaptureError(
			'running',
			`A recording goes on already (process ${other.process.pid}, ${other.sessionFolder}): one microphone is recorded at a time.`,
		);
	}

	async #end(): Promise<void> {
		this.#isStopping = true;
		// Whoever is told to stop needs no new recorder; after a limit one has to hear why.
		if (this.#limit === undefined) this.#watch.end();
		await this.#switching;
		await this.#keeper.close();
		await this.#feed.finish().catch((error: Error) => {
			// Its samples are there, and a recovery closes the header.
			console.error(`The tape could not be closed: ${error.message}`);
		});
		this.#link.ended(this.#feed.nSamples);
		const waitMs = this.#limit === undefined ? lastWordsMs : limitWordsMs;
		const deadline = performance.now() + waitMs;
		const mayBeHeard = () => this.#link.isConnected || this.#limit !== undefined;
		while (this.#events.count > 0 && mayBeHeard() && performance.now() < deadline) {
			await new Promise(resolve => setTimeout(resolve, 20));
		}
	}

	#keptListener(): ConstructorParameters<typeof MicrophoneKeeper>[1] {
		let sampleRate = 0;
		return {
			onOpen: (device, rate) => {
				sampleRate = rate;
				this.#problem = undefined;
				this.#level.reset();
				this.#feed.open(safeLine(device.name).slice(0, 1000), rate);
			},
			onSamples: samples => {
				this.#level.add(samples, sampleRate);
				return this.#feed.append(samples);
			},
			onClosed: () => this.#feed.close(),
			onMissing: problem => {
				this.#problem = problem;
				this.#level.reset();
				this.#feed.beginGap('device');
			},
		};
	}

	#obey(command: CaptureCommand): FromCapture | undefined {
		switch (command.type) {
			case 'pause':
				this.#switch(true);
				return undefined;
			case 'resume':
				this.#switch(false);
				return undefined;
			case 'stop':
				this.#stop();
				return undefined;
			case 'held':
				return this.#held(command.fromSample);
		}
	}

	#switch(isPaused: boolean): void {
		if (this.#isPaused === isPaused || this.#isStopping) return;
		this.#isPaused = isPaused;
		this.#switching = this.#switching.then(async () => {
			if (!isPaused) {
				this.#keeper.open();
				return;
			}
			await this.#keeper.close();
			this.#problem = undefined;
			this.#feed.beginGap('paused');
		});
	}

	#held(fromSample: number): FromCapture {
		const {tape} = this.#feed;
		const lostSamples = tape?.lostSamples ?? 0;
		const start = Math.max(fromSample, lostSamples + (tape?.writtenSamples ?? 0));
		const samples = tape?.unwritten(start - lostSamples, heldSamples) ?? new Int16Array();
		const bytes = Buffer.from(samples.buffer, 0, samples.length * bytesPerSample);
		return {type: 'held', fromSample: start, lostSamples, samples: bytes.toString('base64')};
	}

	/** Looks whether a limit is reached. */
	async #look(): Promise<void> {
		const {sessionFolder, limits, isOffRecord} = this.#options;
		const {tape, nSamples} = this.#feed;
		const tapeMs = tape ? (1000 * nSamples) / tape.sampleRate : 0;
		const why = await limitReached(sessionFolder, tapeMs, isOffRecord ? {...limits, minFreeMb: 0} : limits);
		if (why === undefined || this.#isStopping) return;
		this.#limit = why;
		this.#isStopping = true;
		await this.#keeper.close();
		this.#events.add({type: 'limit', atSample: this.#feed.nSamples, wallMs: Date.now(), why});
		this.#stop();
	}

	#status(): CaptureStatus {
		const {microphone, overruns, state} = this.#keeper;
		const tape = this.#feed.tape;
		const isOpen = state === 'open';
		return {
			state: this.#isStopping ? 'stopping' : this.#isPaused ? 'paused' : states[state],
			...(microphone && {
				device: {name: safeLine(microphone.device.name).slice(0, 1000), sampleRate: microphone.sampleRate},
			}),
			tapeRate: tape?.sampleRate ?? 0,
			levelDb: isOpen ? this.#level.levelDb : silentDb,
			peakDb: isOpen ? this.#level.peakDb : silentDb,
			silentInputMs: isOpen ? this.#level.silentMs : 0,
			overruns,
			disk: tape?.health ?? 'ok',
			writtenSamples: tape?.writtenSamples ?? 0,
			syncedSamples: tape?.syncedSamples ?? 0,
			heldSamples: tape?.unwrittenSamples ?? 0,
			lostSamples: tape?.lostSamples ?? 0,
			...this.#problemNow(),
		};
	}

	#problemNow(): {problem?: string} {
		const problem = this.#feed.refusal === undefined ? this.#problem : diskProblem(this.#feed.refusal);
		return problem === undefined ? {} : {problem: safeLine(problem).slice(0, 1000)};
	}
}

const states: Record<KeeperState, CaptureState> = {
	closed: 'opening',
	opening: 'opening',
	open: 'recording',
	missing: 'no-device',
};

function diskProblem(refusal: unknown): string {
	const {code, message} = refusal as NodeJS.ErrnoException;
	const reason = {ENOSPC: 'no space is left', EDQUOT: 'the quota is used up', EROFS: 'it is read-only'}[code ?? ''];
	return `The disk does not take the recording (${reason ?? message}): the newest minute is kept in memory.`;
}
