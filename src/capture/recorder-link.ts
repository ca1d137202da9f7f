import type {Server, Socket} from 'node:net';
import {type JsonLines, speakJsonLines} from '../system/json-lines.js';
import {listenPrivately} from '../system/private-socket.js';
import type {CaptureEvents} from './capture-events.js';
import {type CaptureStatus, captureProtocolVersion, type FromCapture, type ToCapture, toCapture} from './protocol.js';

/** What a recorder may ask for beside greetings. */
export type CaptureCommand = Exclude<ToCapture, {type: 'hello' | 'alive' | 'received'}>;

/** What the recorder is told and may do. */
export type RecorderLinkOptions = {
	/** Folder of the socket. */
	folder: string;
	sessionFolder: string;
	events: CaptureEvents;
	status(): CaptureStatus;
	/** Does what the recorder asks for; must not throw. What it returns is answered. */
	onCommand(command: CaptureCommand): FromCapture | undefined;
};

const statusEveryMs = 200;
/** Whoever connects and says nothing for so long is no recorder. */
const helloTimeoutMs = 5000;
/** Connections that may wait for their hello: one recorder and its successor need two. */
const maxStrangers = 8;

/**
 * The socket of capture, and the one recorder that speaks to it: a newer one that greets properly takes the place of an older one. Whatever a peer sends or leaves unread costs a
 * bounded amount of memory and ends at worst its own connection.
 */
export class RecorderLink {
	readonly #options: RecorderLinkOptions;
	readonly #strangers = new Set<JsonLines>();
	#server: Server | undefined;
	#recorder: JsonLines | undefined;
	#statusTimer: NodeJS.Timeout | undefined;
	#heardMs = performance.now();
	#lostMs: number | undefined;
	#endedSamples: number | undefined;

	constructor(options: RecorderLinkOptions) {
		this.#options = options;
	}

	/** When a recorder said something last, or the link was made, by the steady clock. */
	get heardMs(): number {
		return this.#heardMs;
	}

	/** When the recorder's connection ended, by the steady clock; undefined while there is one, and before the first. */
	get lostMs(): number | undefined {
		return this.#lostMs;
	}

	/** Whether a recorder is connected. */
	get isConnected(): boolean {
		return this.#recorder !== undefined;
	}

	/** Listens; returns the path of the socket. */
	async listen(): Promise<string> {
		const {server, file} = await listenPrivately(this.#options.folder, socket => this.#greet(socket));
		this.#server = server;
		return file;
	}

	/** Tells the recorder that the tape has ended with `nSamples`, and whoever comes later. */
	ended(nSamples: number): void {
		this.#endedSamples = nSamples;
		this.#tell({type: 'ended', nSamples});
	}

	/** Closes the socket and every connection, behind what was sent. */
	async close(): Promise<void> {
		clearInterval(this.#statusTimer);
		this.#options.events.tellNobody();
		for (const stranger of this.#strangers) stranger.end();
		this.#recorder?.end();
		await new Promise<void>(resolve => {
			if (this.#server) this.#server.close(() => resolve());
			else resolve();
		});
	}

	#greet(socket: Socket): void {
		if (this.#strangers.size >= maxStrangers) {
			socket.destroy();
			return;
		}
		const timer = setTimeout(() => peer.end(bye('Nothing was said: a hello comes first.')), helloTimeoutMs);
		const peer = speakJsonLines(socket, {
			accepts: toCapture,
			bye,
			onMessage: message => {
				if (peer === this.#recorder) {
					this.#hear(peer, message);
					return;
				}
				const refusal = whyNoHello(message);
				if (refusal) {
					peer.end(bye(refusal));
					return;
				}
				clearTimeout(timer);
				this.#strangers.delete(peer);
				this.#take(peer);
			},
			onEnd: () => {
				clearTimeout(timer);
				this.#strangers.delete(peer);
				if (peer === this.#recorder) this.#lose();
			},
		});
		this.#strangers.add(peer);
	}

	#take(peer: JsonLines): void {
		const {events, sessionFolder} = this.#options;
		const older = this.#recorder;
		this.#recorder = peer;
		older?.end(bye('Another recorder has taken over.'));
		this.#heardMs = performance.now();
		this.#lostMs = undefined;
		this.#tell({type: 'hello', protocolVersion: captureProtocolVersion, pid: process.pid, sessionFolder});
		this.#tellStatus();
		events.tellTo(({seq, event}) => this.#tell({type: 'event', seq, event}));
		if (this.#endedSamples !== undefined) this.#tell({type: 'ended', nSamples: this.#endedSamples});
		clearInterval(this.#statusTimer);
		this.#statusTimer = setInterval(() => this.#tellStatus(), statusEveryMs);
	}

	#hear(peer: JsonLines, message: ToCapture): void {
		this.#heardMs = performance.now();
		if (message.type === 'received') {
			this.#options.events.received(message.seq);
		} else if (message.type !== 'hello' && message.type !== 'alive') {
			const answer = this.#options.onCommand(message);
			if (answer) peer.send(answer);
		}
	}

	#lose(): void {
		clearInterval(this.#statusTimer);
		this.#options.events.tellNobody();
		this.#recorder = undefined;
		this.#lostMs = performance.now();
	}

	#tellStatus(): void {
		this.#tell({type: 'status', status: this.#options.status()});
	}

	#tell(message: FromCapture): void {
		this.#recorder?.send(message);
	}
}

const bye = (message: string): FromCapture => ({type: 'bye', message});

/** Why `message` does not begin a conversation, undefined where it does. */
function whyNoHello(message: ToCapture): string | undefined {
	if (message.type !== 'hello') return 'A hello comes first.';
	if (message.protocolVersion === captureProtocolVersion) return undefined;
	return `This capture speaks protocol ${captureProtocolVersion}, and the recorder speaks ${message.protocolVersion}: use the pi-caption that the recording was started with.`;
}
