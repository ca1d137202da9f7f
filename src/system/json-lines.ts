import type {Socket} from 'node:net';
import type {z} from 'zod';

/** How two processes speak over a socket: one JSON object a line. */
export type JsonLinesOptions<Message> = {
	/** What the other side may say. What does not fit ends the connection. */
	accepts: z.ZodType<Message>;
	/** A longer line, in bytes, ends the connection. @default 65536 */
	maxLineBytes?: number;
	/** Bytes that may wait for the other side to read. @default 262144 */
	maxOutboxBytes?: number;
	/** Called for each message, in order. */
	onMessage(message: Message): void;
	/**
	 * More than `maxOutboxBytes` waited, so all of it was thrown away, and so was what was sent since; now the other side reads again. Send what it needs to go on from
	 * here. Without this, an overflow ends the connection.
	 */
	onOverflow?(): void;
	/** The message that tells the other side, in a sentence, why the connection is closed: what it sent is no message. @default none */
	bye?(problem: string): unknown;
	/** Called once, when nothing more comes; `problem` is one sentence when it did not end properly. */
	onEnd?(problem?: string): void;
};

/** One end of a connection. */
export type JsonLines = {
	/** Sends `message`, or keeps it for later while the other side does not read. Never waits, never throws; does nothing after the end. */
	send(message: unknown): void;
	/** Sends `lastMessage`, where there is one, and closes; within two seconds also when the other side does not read. */
	end(lastMessage?: unknown): void;
};

const defaultMaxLineBytes = 65_536;
const defaultMaxOutboxBytes = 262_144;
/** Node keeps about so much to write by itself; what waits beyond it can still be thrown away. */
const maxInSocketBytes = 16_384;
/** So long a peer that does not read may hold up an end, in ms. */
const endTimeoutMs = 2000;

/**
 * Speaks JSON lines over `socket`, which belongs to it from then on. Lines that are too long, no JSON or no message that is accepted end the connection: the other side may be
 * of another version, or hostile. Memory is bounded in both directions.
 */
export function speakJsonLines<Message>(socket: Socket, options: JsonLinesOptions<Message>): JsonLines {
	const {accepts, maxOutboxBytes = defaultMaxOutboxBytes, onMessage, onOverflow, bye, onEnd} = options;
	const lines = new LineSplitter(options.maxLineBytes ?? defaultMaxLineBytes);
	let outbox: Buffer[] = [];
	let outboxBytes = 0;
	let hasOverflown = false;
	let isEnding = false;
	let isOver = false;
	let hasToldEnd = false;

	const tellEnd = (problem?: string) => {
		if (hasToldEnd) return;
		hasToldEnd = true;
		onEnd?.(problem);
	};

	const over = (problem?: string) => {
		isOver = true;
		outbox = [];
		socket.destroy();
		tellEnd(problem);
	};

	const flush = () => {
		if (isOver) return;
		if (hasOverflown && socket.writableLength === 0 && !isEnding) {
			hasOverflown = false;
			onOverflow?.();
		}
		while (outbox.length > 0 && socket.writableLength < maxInSocketBytes) {
			const line = outbox.shift()!;
			outboxBytes -= line.length;
			socket.write(line, flush);
		}
		if (isEnding && outbox.length === 0) socket.end();
	};

	const put = (message: unknown) => {
		const line = Buffer.from(`${JSON.stringify(message)}\n`);
		outbox.push(line);
		outboxBytes += line.length;
	};

	const end = (lastMessage?: unknown) => {
		if (isOver || isEnding) return;
		if (lastMessage !== undefined) put(lastMessage);
		isEnding = true;
		flush();
		setTimeout(() => over(), endTimeoutMs).unref();
	};

	socket.on('data', (data: Buffer) => {
		try {
			for (const line of lines.split(data)) {
				if (isOver || isEnding) return;
				onMessage(parse(line, accepts));
			}
		} catch (error) {
			if (!(error instanceof LineError)) throw error;
			end(bye?.(error.message));
			tellEnd(error.message);
		}
	});
	socket.on('error', error => over(`The connection broke: ${error.message}.`));
	socket.on('close', () => over());

	return {
		send(message) {
			if (isOver || isEnding || hasOverflown) return;
			put(message);
			flush();
			if (outboxBytes <= maxOutboxBytes) return;
			if (!onOverflow) {
				over(`The other side did not read ${outboxBytes} bytes that were sent to it.`);
				return;
			}
			outbox = [];
			outboxBytes = 0;
			hasOverflown = true;
		},
		end,
	};
}

/** What the other side sent is no message; the message is one sentence. */
class LineError extends Error {
	override name = 'LineError';
}

/** Cuts a stream of bytes into lines of bounded length. */
class LineSplitter {
	#parts: Buffer[] = [];
	#nBytes = 0;

	constructor(private readonly maxBytes: number) {}

	/** The lines that `data` ends, without their line feeds. Throws `LineError` where one is too long. */
	*split(data: Buffer): Generator<string> {
		for (let rest = data; ; ) {
			const end = rest.indexOf(0x0a);
			const part = end === -1 ? rest : rest.subarray(0, end);
			this.#nBytes += part.length;
			if (this.#nBytes > this.maxBytes) {
				throw new LineError(`The other side sent a line of more than ${this.maxBytes} bytes.`);
			}
			this.#parts.push(part);
			if (end === -1) return;
			const line = Buffer.concat(this.#parts).toString('utf8');
			this.#parts = [];
			this.#nBytes = 0;
			yield line;
			rest = rest.subarray(end + 1);
		}
	}
}

function parse<Message>(line: string, accepts: z.ZodType<Message>): Message {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		throw new LineError('The other side sent a line that is no JSON.');
	}
	const {data, success} = accepts.safeParse(value);
	// What it sent is not repeated: it may be words that were said.
	if (!success) throw new LineError('The other side sent a message that this version does not know.');
	return data;
}
