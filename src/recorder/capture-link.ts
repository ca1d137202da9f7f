import {setTimeout} from 'node:timers/promises';
import {type CaptureRecord, runningCapture} from '../capture/capture-record.js';
import {
	type CaptureEvent,
	type CaptureStatus,
	captureProtocolVersion,
	fromCapture,
	type ToCapture,
} from '../capture/protocol.js';
import type {HeldAnswer} from '../session/live-tape.js';
import {type JsonLines, speakJsonLines} from '../system/json-lines.js';
import {connectPrivately} from '../system/private-socket.js';

/** What becomes of a capture that is spoken to. */
export type CaptureLinkOptions = {
	/** Folder of the session that it records. */
	folder: string;
	/** Starts a capture for that folder, which begins or goes on with its tape. */
	launch(): Promise<unknown>;
	onStatus(status: CaptureStatus): void;
	/** Resolves when `event` is in the journal: only then capture forgets it. */
	onEvent(event: CaptureEvent): Promise<void>;
	/** Whether a capture runs that can be spoken to. */
	onRunning(isRunning: boolean): void;
	/** A capture could not be started, for this reason; it is tried again. Untrusted. */
	onProblem(problem: string): void;
};

/** Capture replaces a recorder that it does not hear for 5 s. */
const aliveEveryMs = 1000;
/** Pauses before a capture is started again, in ms; the last one is repeated. */
const pausesMs = [0, 500, 1000, 2000, 5000];
/** A capture that ran for so long was no failed start. */
const healthyMs = 10_000;
/** A capture writes what it holds and ends; one that has not by then hangs on its disk or its device. */
const stopTimeoutMs = 30_000;

/**
 * Speaks to the capture of a session for as long as the session lasts: finds the one that lives, starts one where none does, and starts another one when it dies. Samples never come this
 * way: they are on the tape.
 */
export class CaptureLink {
	readonly #options: CaptureLinkOptions;
	#lines: JsonLines | undefined;
	#pid: number | undefined;
	#isPaused = false;
	#isStopping = false;
	#hasEnded = false;
	#endSample: number | undefined;
	#wake = () => {};
	/** Each is answered in its turn. */
	readonly #heldQuestions: ((answer: HeldAnswer | undefined) => void)[] = [];
	readonly #ended: Promise<void>;

	/** `isPaused`: how the session stands that is gone on with. */
	constructor(options: CaptureLinkOptions, isPaused = false) {
		this.#options = options;
		this.#isPaused = isPaused;
		this.#ended = this.#run();
	}

	/** Process id of the capture that is spoken to. */
	get pid(): number | undefined {
		return this.#pid;
	}

	/** Samples that its disk does not take, from `fromSample` on, as `capture/protocol.ts` says; undefined where no capture answers. */
	held(fromSample: number): Promise<HeldAnswer | undefined> {
		if (!this.#lines) return Promise.resolve(undefined);
		return new Promise(resolve => {
			this.#heldQuestions.push(resolve);
			this.#send({type: 'held', fromSample});
		});
	}

	/** Closes the device. */
	pause(): void {
		this.#isPaused = true;
		this.#send({type: 'pause'});
	}

	/** Opens the device again. */
	resume(): void {
		this.#isPaused = false;
		this.#send({type: 'resume'});
	}

	/** Ends the tape and the process; resolves when both are over, with the samples of the tape where capture could tell. */
	async stop(): Promise<number | undefined> {
		this.#isStopping = true;
		this.#send({type: 'stop'});
		this.#wake();
		await Promise.race([this.#ended, setTimeout(stopTimeoutMs, undefined, {ref: false})]);
		this.#isStopping = true;
		this.#hasEnded = true;
		this.#lines?.end();
		return this.#endSample;
	}

	/** Lets capture record on without this recorder. */
	leave(): void {
		this.#isStopping = true;
		this.#hasEnded = true;
		this.#lines?.end();
		this.#wake();
	}

	async #run(): Promise<void> {
		let failures = 0;
		while (!this.#hasEnded) {
			const record = await runningCapture();
			if (this.#hasEnded) return;
			if (record?.sessionFolder === this.#options.folder) {
				const beganMs = performance.now();
				await this.#speakTo(record);
				this.#options.onRunning(false);
				if (performance.now() - beganMs > healthyMs) failures = 0;
				continue;
			}
			if (this.#isStopping) return;
			await this.#pause(pausesMs[Math.min(failures, pausesMs.length - 1)]!);
			if (this.#isStopping) continue;
			failures++;
			try {
				await this.#options.launch();
			} catch (error) {
				this.#options.onProblem((error as Error).message);
			}
		}
	}

	/** Speaks to the capture of `record` until it is gone. Never throws. */
	async #speakTo(record: CaptureRecord): Promise<void> {
		let socket: Awaited<ReturnType<typeof connectPrivately>>;
		try {
			socket = await connectPrivately(record.socket);
		} catch {
			// It listens no more, or not yet.
			await setTimeout(50);
			return;
		}
		await new Promise<void>(resolve => {
			const alive = setInterval(() => this.#send({type: 'alive'}), aliveEveryMs);
			const lines = speakJsonLines(socket, {
				accepts: fromCapture,
				onMessage: message => {
					switch (message.type) {
						case 'hello':
							this.#pid = message.pid;
							this.#options.onRunning(true);
							if (this.#isPaused) this.#send({type: 'pause'});
							if (this.#isStopping) this.#send({type: 'stop'});
							break;
						case 'status':
							this.#options.onStatus(message.status);
							break;
						case 'event':
							void this.#options.onEvent(message.event).then(() => this.#send({type: 'received', seq: message.seq}));
							break;
						case 'held': {
							const {fromSample, lostSamples, samples} = message;
							this.#heldQuestions.shift()?.({fromSample, lostSamples, samples: Buffer.from(samples, 'base64')});
							break;
						}
						case 'bye':
							break;
						case 'ended':
							this.#hasEnded = this.#isStopping;
							this.#endSample = message.nSamples;
							break;
					}
				},
				onEnd: () => {
					clearInterval(alive);
					this.#lines = undefined;
					this.#pid = undefined;
					for (const answer of this.#heldQuestions.splice(0)) answer(undefined);
					resolve();
				},
			});
			this.#lines = lines;
			this.#send({type: 'hello', protocolVersion: captureProtocolVersion});
		});
	}

	#send(message: ToCapture): void {
		this.#lines?.send(message);
	}

	#pause(ms: number): Promise<void> {
		const woken = new Promise<void>(resolve => {
			this.#wake = resolve;
		});
		return Promise.race([setTimeout(ms), woken]);
	}
}
