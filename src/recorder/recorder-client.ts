import {setTimeout} from 'node:timers/promises';
import {type JsonLines, speakJsonLines} from '../system/json-lines.js';
import {connectPrivately} from '../system/private-socket.js';
import {type Command, type FromRecorder, fromRecorder, recorderProtocolVersion} from './protocol.js';
import {RecorderError} from './recorder-error.js';
import {type RecorderRecord, runningRecorder} from './recorder-record.js';
import {startRecorder} from './start-recorder.js';

/** What a recorder says of itself, in order: see `fromRecorder`. */
type Said = Extract<FromRecorder, {type: 'snapshot' | 'status' | 'open' | 'entry' | 'saved'}>;

/**
 * What a viewer hears. Beside what the recorder says: `gone` when no recorder answers for now, while the client looks for one by itself (a `snapshot` follows when
 * there is one), and `ended`, the last event, when there will be none. Their messages are sentences to show; untrusted.
 */
export type RecorderEvent = Said | {type: 'gone'; message: string} | {type: 'ended'; message: string};

/** What a command was answered; see `fromRecorder`. */
export type Reply = Extract<FromRecorder, {type: 'reply'}>;

/** `wants`: a viewer wants `events`, a command only `replies`. `starts`: a recorder is started where none runs, and a lost one is replaced. */
export type ClientOptions = {wants: 'events' | 'replies'; starts: boolean};

/** A connection to the recorder of this user, which outlives the recorder: when that is replaced, the client connects to the new one. */
export type RecorderClient = {
	/**
	 * Calls `listener` for every event from now on and returns what ends that. The first listener also gets what came before it, so that it begins
	 * with a snapshot; with `wants: 'replies'` nothing but `gone` and `ended` comes.
	 */
	subscribe(listener: (event: RecorderEvent) => void): () => void;
	/**
	 * Resolves with the recorder's answer to `command`; while the recorder is being replaced it waits for the new one. Throws `RecorderError` `lost` where the recorder went before it
	 * answered: whether it was done, the next snapshot tells.
	 */
	send(command: Command): Promise<Reply>;
	/** Ends the connection, and nothing else: a recording goes on. Safe more than once. */
	close(): void;
};

/** A recorder that captions answers within milliseconds; one on a card that stalls, within seconds. */
const helloTimeoutMs = 20_000;
/** A recorder that ends is gone within this, and another one can be started. */
const endingMs = 3000;
/** Pause between two looks for a recorder that takes the place of a lost one. */
const lookEveryMs = 100;
/** Capture replaces a recorder within seconds. A viewer that may start one does so after this. */
const startAfterMs = 500;
/** So long a viewer that may not start one waits for another to do it. */
const giveUpAfterMs = 30_000;

/**
 * Connects to the recorder of this user. Throws `RecorderError` `not-running` where there is none and `starts` is false, and `other-version` where the one that
 * runs speaks another protocol.
 */
export async function connectRecorder(options: ClientOptions): Promise<RecorderClient> {
	const client = new ReconnectingClient(options);
	await client.connect();
	return client;
}

class ReconnectingClient implements RecorderClient {
	readonly #options: ClientOptions;
	readonly #listeners = new Set<(event: RecorderEvent) => void>();
	/** What came before the first listener. */
	#unheard: RecorderEvent[] | undefined = [];
	readonly #requests = new Map<number, {resolve: (reply: Reply) => void; reject: (error: Error) => void}>();
	#nextId = 0;
	#lines: JsonLines | undefined;
	/** Resolves when there is a recorder again, or there will be none. */
	#reconnecting: Promise<void> | undefined;
	#end: RecorderError | undefined;

	constructor(options: ClientOptions) {
		this.#options = options;
	}

	async connect(): Promise<void> {
		const deadline = performance.now() + endingMs;
		for (;;) {
			const record = (await runningRecorder()) ?? (await this.#startOne());
			try {
				return await this.#connectTo(record);
			} catch (error) {
				const isFinal = error instanceof RecorderError && error.code === 'other-version';
				if (isFinal || performance.now() > deadline) throw asRecorderError(error);
			}
			// It ended between its record and our call, as an idle one does, or is dying.
			await setTimeout(lookEveryMs);
		}
	}

	subscribe(listener: (event: RecorderEvent) => void): () => void {
		this.#listeners.add(listener);
		const unheard = this.#unheard ?? [];
		this.#unheard = undefined;
		for (const event of unheard) listener(event);
		return () => this.#listeners.delete(listener);
	}

	async send(command: Command): Promise<Reply> {
		await this.#reconnecting;
		if (this.#end || !this.#lines) throw this.#end ?? closed();
		const id = this.#nextId++;
		const lines = this.#lines;
		return new Promise((resolve, reject) => {
			this.#requests.set(id, {resolve, reject});
			lines.send({type: 'command', id, command});
		});
	}

	close(): void {
		this.#end ??= closed();
		this.#lines?.end();
		this.#lines = undefined;
		this.#failRequests(this.#end);
	}

	async #startOne(): Promise<RecorderRecord> {
		if (this.#options.starts) return startRecorder();
		throw new RecorderError('not-running', 'Nothing is recording: `pi-caption start` begins a session.');
	}

	/** Greets the recorder of `record`; returns when it has greeted, with everything wired. */
	async #connectTo(record: RecorderRecord): Promise<void> {
		if (record.protocolVersion !== recorderProtocolVersion) throw otherVersion(record.protocolVersion);
		const socket = await connectPrivately(record.socket);
		let bye: string | undefined;
		await new Promise<void>((resolve, reject) => {
			let isGreeted = false;
			const timer = globalThis.setTimeout(() => {
				lines.end();
				reject(new RecorderError('failed', `The recorder (process ${record.process.pid}) does not answer.`));
			}, helloTimeoutMs);
			const lines = speakJsonLines(socket, {
				accepts: fromRecorder,
				onMessage: message => {
					if (message.type === 'bye') {
						bye = message.message;
					} else if (message.type !== 'hello') {
						this.#take(message);
					} else if (message.protocolVersion === recorderProtocolVersion) {
						isGreeted = true;
						this.#lines = lines;
						resolve();
					} else {
						reject(otherVersion(message.protocolVersion));
						lines.end();
					}
				},
				onEnd: problem => {
					clearTimeout(timer);
					const reason = bye ?? problem ?? 'The recorder ended.';
					reject(new RecorderError('failed', reason));
					if (isGreeted) this.#lose(reason, bye !== undefined);
				},
			});
			lines.send({type: 'hello', protocolVersion: recorderProtocolVersion, wants: this.#options.wants});
			socket.once('data', () => clearTimeout(timer));
		});
	}

	#take(message: Exclude<FromRecorder, {type: 'hello' | 'bye'}>): void {
		if (message.type !== 'reply') {
			this.#tell(message);
			return;
		}
		this.#requests.get(message.id)?.resolve(message);
		this.#requests.delete(message.id);
	}

	/** The connection is gone; `isFarewell`: the recorder said so itself. */
	#lose(reason: string, isFarewell: boolean): void {
		this.#lines = undefined;
		this.#failRequests(new RecorderError('lost', `${reason} It had not answered yet: \`pi-caption status\` tells.`));
		if (this.#end) return;
		if (isFarewell) {
			this.#endWith(new RecorderError('lost', reason));
			return;
		}
		this.#tell({type: 'gone', message: 'The recorder went; looking for the one that takes its place.'});
		this.#reconnecting = this.#reconnect().finally(() => {
			this.#reconnecting = undefined;
		});
	}

	async #reconnect(): Promise<void> {
		const lostMs = performance.now();
		for (;;) {
			const waitedMs = performance.now() - lostMs;
			try {
				const record = await runningRecorder();
				if (this.#end) return;
				if (record) return await this.#connectTo(record);
				if (this.#options.starts && waitedMs > startAfterMs) await startRecorder();
			} catch (error) {
				const isFinal = error instanceof RecorderError && error.code === 'other-version';
				if (isFinal || waitedMs > giveUpAfterMs) return this.#endWith(asRecorderError(error));
			}
			if (this.#end) return;
			if (waitedMs > giveUpAfterMs) {
				return this.#endWith(new RecorderError('lost', 'The recorder went, and no other one took its place.'));
			}
			await setTimeout(lookEveryMs);
		}
	}

	#endWith(error: RecorderError): void {
		this.#end ??= error;
		this.#tell({type: 'ended', message: error.message});
	}

	#tell(event: RecorderEvent): void {
		this.#unheard?.push(event);
		for (const listener of this.#listeners) listener(event);
	}

	#failRequests(error: Error): void {
		for (const {reject} of this.#requests.values()) reject(error);
		this.#requests.clear();
	}
}

const closed = () => new RecorderError('lost', 'The connection to the recorder was closed here.');

const asRecorderError = (error: unknown) =>
	error instanceof RecorderError
		? error
		: new RecorderError('failed', `The recorder cannot be reached: ${(error as Error).message}`, {cause: error});

const otherVersion = (version: number) =>
	new RecorderError(
		'other-version',
		`The recorder that runs speaks protocol ${version}, and this pi-caption speaks ${recorderProtocolVersion}: use the pi-caption that it was started with, or stop it with that one and start again.`,
	);
