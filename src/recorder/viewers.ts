import type {Socket} from 'node:net';
import {type JsonLines, speakJsonLines} from '../system/json-lines.js';
import {
	type Command,
	type FromRecorder,
	maxMessageBytes,
	type RecorderStatus,
	recorderProtocolVersion,
	toRecorder,
} from './protocol.js';

/** How a command ended, in one sentence. */
export type Outcome = {isDone: boolean; message: string; folder?: string};

/** What viewers are shown and what they may ask for. All functions are called between messages, and those that return at once must not throw. */
export type ViewersOptions = {
	/** What a viewer needs to go on from here: the `snapshot`, and after it what the disk did not take. */
	snapshot(): FromRecorder[];
	status(): RecorderStatus;
	/** Does what a viewer asks for. What it throws becomes the answer. */
	onCommand(command: Command): Promise<Outcome>;
	/** Somebody came or went. */
	onCount(): void;
};

/**
 * The viewers that are attached, and commands that wait for their answer. Each has an outbox of 256 kB: one that does not read costs no more, and gets a
 * fresh snapshot when it reads again.
 */
export class Viewers {
	readonly #options: ViewersOptions;
	/** Everyone connected; those that want events have had their snapshot. */
	readonly #connected = new Map<JsonLines, {wantsEvents: boolean}>();

	constructor(options: ViewersOptions) {
		this.#options = options;
	}

	/** Connections that are open. */
	get count(): number {
		return this.#connected.size;
	}

	/** Takes a new connection. */
	add(socket: Socket): void {
		const viewer = {isGreeted: false, wantsEvents: false};
		const lines: JsonLines = speakJsonLines(socket, {
			accepts: toRecorder,
			maxLineBytes: maxMessageBytes,
			bye: problem => ({type: 'bye', message: problem}) satisfies FromRecorder,
			onOverflow: () => this.#sendAll(lines, this.#options.snapshot()),
			onMessage: message => {
				if (message.type === 'command') {
					if (viewer.isGreeted) void this.#answer(lines, message.id, message.command);
					else lines.end(bye('A hello comes before the first command.'));
					return;
				}
				this.#send(lines, hello());
				if (message.protocolVersion !== recorderProtocolVersion) {
					lines.end(bye(otherVersion(message.protocolVersion)));
					return;
				}
				viewer.isGreeted = true;
				viewer.wantsEvents = message.wants === 'events';
				if (viewer.wantsEvents) this.#sendAll(lines, this.#options.snapshot());
			},
			onEnd: () => {
				this.#connected.delete(lines);
				this.#options.onCount();
			},
		});
		this.#connected.set(lines, viewer);
		this.#options.onCount();
	}

	/** Shows `message` to every viewer. */
	show(message: FromRecorder): void {
		for (const [lines, {wantsEvents}] of this.#connected) if (wantsEvents) this.#send(lines, message);
	}

	/** Every viewer begins anew from a snapshot: another session is on, or none. */
	showAnew(): void {
		for (const [lines, {wantsEvents}] of this.#connected) {
			if (wantsEvents) this.#sendAll(lines, this.#options.snapshot());
		}
	}

	/** Says goodbye to everyone. */
	close(message: string): void {
		for (const lines of this.#connected.keys()) lines.end(bye(message));
	}

	async #answer(lines: JsonLines, id: number, command: Command): Promise<void> {
		let outcome: Outcome;
		try {
			outcome = await this.#options.onCommand(command);
		} catch (error) {
			outcome = {isDone: false, message: (error as Error).message};
		}
		const {isDone, folder} = outcome;
		const message = outcome.message.slice(0, maxSentence);
		this.#send(lines, {type: 'reply', id, isDone, message, folder, status: this.#options.status()});
	}

	#sendAll(lines: JsonLines, messages: readonly FromRecorder[]): void {
		for (const message of messages) this.#send(lines, message);
	}

	#send(lines: JsonLines, message: FromRecorder): void {
		lines.send(message);
	}
}

/** What the protocol lets a message have. */
const maxSentence = 4000;

const hello = (): FromRecorder => ({
	type: 'hello',
	protocolVersion: recorderProtocolVersion,
	recorderPid: process.pid,
});

const bye = (message: string): FromRecorder => ({type: 'bye', message});

const otherVersion = (version: number) =>
	`This recorder speaks protocol ${recorderProtocolVersion}, and the viewer speaks ${version}: use the pi-caption that the recorder was started with.`;
