import {type ChildProcess, type StdioOptions, spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {type CaptureRecord, captureRecord} from '../../src/capture/capture-record.js';
import {
	type CaptureEvent,
	type CaptureStatus,
	captureProtocolVersion,
	type FromCapture,
	fromCapture,
	type ToCapture,
} from '../../src/capture/protocol.js';
import {captureCommand} from '../../src/capture/start-capture.js';
import {tapeHeaderBytes} from '../../src/session/tape-header.js';
import {type JsonLines, speakJsonLines} from '../../src/system/json-lines.js';
import {connectPrivately} from '../../src/system/private-socket.js';
import {isRunning} from '../../src/system/process-identity.js';

/** A test that takes longer hangs. */
const hangMs = 60_000;

/** A user's folders for real capture processes, and a session to record. */
export class Home {
	readonly folder: string;
	readonly session: string;
	readonly env: NodeJS.ProcessEnv;
	readonly #captures: ChildProcess[] = [];
	readonly #recorders: TestRecorder[] = [];

	constructor() {
		// Short: a socket's path has 107 bytes.
		this.folder = mkdtempSync(path.join(os.tmpdir(), 'pc-'));
		this.session = path.join(this.folder, 'session');
		mkdirSync(this.session, {mode: 0o700});
		const folders = ['XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'];
		this.env = {...process.env, ...Object.fromEntries(folders.map(name => [name, path.join(this.folder, 'xdg')]))};
	}

	get runFolder(): string {
		return path.join(this.folder, 'xdg', 'pi-caption', 'run');
	}

	get tape(): string {
		return path.join(this.session, 'audio.wav');
	}

	get log(): string {
		return path.join(this.folder, 'capture.log');
	}

	/** Samples on the tape. */
	get samples(): Int16Array {
		const body = readFileSync(this.tape).subarray(tapeHeaderBytes);
		return new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length - (body.length % 2)));
	}

	/** A headerless recording of `samples`, and its address as a microphone that plays it. */
	recording(name: string, samples: Int16Array, query: string): string {
		const file = path.join(this.folder, name);
		writeFileSync(file, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
		return `file:${file}?${query}`;
	}

	/** Starts a capture process of this home's session; without `device` it takes the system's choice. */
	start(device: string | undefined, ...args: string[]): ChildProcess {
		const recorder = args.some(arg => arg.startsWith('--recorder=')) ? undefined : ['true'];
		const options = {sessionFolder: this.session, device, minFreeMb: 0, recorderCommand: recorder};
		const [program, ...fixed] = captureCommand(options);
		const log = openSync(this.log, 'a', 0o600);
		const stdio: StdioOptions = ['ignore', log, log];
		// What is said twice counts as it is said last.
		const child = spawn(program!, [...fixed, ...args], {stdio, env: this.env, detached: true});
		closeSync(log);
		this.#captures.push(child);
		return child;
	}

	/** The record of a capture, dead or alive. */
	get record(): CaptureRecord | undefined {
		const file = path.join(this.runFolder, 'capture.json');
		return existsSync(file) ? captureRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
	}

	/** The record of `capture`, when it has written one. */
	async recordOf(capture: ChildProcess): Promise<CaptureRecord> {
		for (;;) {
			const {record} = this;
			if (record && record.process.pid === capture.pid) return record;
			if (capture.exitCode !== null) throw new Error(`Capture ended: ${readFileSync(this.log, 'utf8')}`);
			await sleep(10);
		}
	}

	/** Speaks to `capture` as its recorder. */
	async connect(capture: ChildProcess): Promise<TestRecorder> {
		const recorder = await TestRecorder.connect((await this.recordOf(capture)).socket);
		this.#recorders.push(recorder);
		await recorder.until(({messages}) => messages.some(({type}) => type === 'status'));
		return recorder;
	}

	/** Ends everything that was started here. */
	async remove(): Promise<void> {
		for (const recorder of this.#recorders) recorder.leave();
		for (const child of this.#captures) {
			if (child.exitCode !== null || child.signalCode !== null) continue;
			child.kill('SIGKILL');
			await once(child, 'exit');
		}
		const {record} = this;
		if (record && isRunning(record.process)) process.kill(record.process.pid, 'SIGKILL');
		rmSync(this.folder, {recursive: true, force: true});
	}
}

/** What a test's recorder hears from a capture. */
export class TestRecorder {
	readonly messages: FromCapture[] = [];
	/** Receives events as they come, as a recorder with a journal does. */
	receives = true;
	/** Why the connection ended, `''` where it ended properly. */
	end: string | undefined;
	#lines!: JsonLines;
	#wake: () => void = () => {};
	readonly #beganMs = performance.now();
	#alive: NodeJS.Timeout | undefined;

	static async connect(socketFile: string, hello: object = {type: 'hello', protocolVersion: captureProtocolVersion}) {
		const recorder = new TestRecorder();
		recorder.#lines = speakJsonLines<FromCapture>(await connectPrivately(socketFile), {
			accepts: fromCapture,
			onMessage: message => {
				recorder.messages.push(message);
				if (message.type === 'event' && recorder.receives) recorder.send({type: 'received', seq: message.seq});
				recorder.#wake();
			},
			onEnd: problem => {
				clearInterval(recorder.#alive);
				recorder.end = problem ?? '';
				recorder.#wake();
			},
		});
		recorder.#lines.send(hello);
		recorder.#alive = setInterval(() => recorder.send({type: 'alive'}), 1000);
		return recorder;
	}

	/** Says nothing by itself any more. */
	fallSilent(): void {
		clearInterval(this.#alive);
	}

	send(message: ToCapture): void {
		this.#lines.send(message);
	}

	/** Ends the connection. */
	leave(): void {
		clearInterval(this.#alive);
		this.#lines.end();
	}

	get events(): CaptureEvent[] {
		return this.messages.flatMap(message => (message.type === 'event' ? [message.event] : []));
	}

	/** What was said last; there is one when `Home.connect` has returned. */
	get status(): CaptureStatus {
		return this.messages.flatMap(message => (message.type === 'status' ? [message.status] : [])).at(-1)!;
	}

	/** Waits until `isSo` of what was heard so far; asked again whenever more is heard. */
	async until(isSo: (recorder: this) => unknown): Promise<void> {
		while (!isSo(this)) {
			if (this.end !== undefined) throw new Error(`The connection ended (${this.end}) after ${this.#heard()}`);
			await this.#more();
		}
	}

	/** Waits for the end of the connection. */
	async untilEnd(): Promise<string> {
		while (this.end === undefined) await this.#more();
		return this.end;
	}

	/** Waits for something new. A test that hangs says what it has heard. */
	async #more(): Promise<void> {
		const more = new Promise<void>(resolve => {
			this.#wake = resolve;
		});
		const hangs = new AbortController();
		const late = sleep(hangMs, true, {signal: hangs.signal}).catch(() => false);
		const isLate = await Promise.race([more, late]);
		hangs.abort();
		if (isLate === true || performance.now() - this.#beganMs > hangMs) {
			throw new Error(`Waited in vain after ${this.#heard()}, ${JSON.stringify(this.status)}`);
		}
	}

	#heard(): string {
		return JSON.stringify(this.messages.filter(({type}) => type !== 'status'));
	}
}

/** Ends `capture` as a recorder does, and waits for its process. */
export async function stop(capture: ChildProcess, recorder: TestRecorder): Promise<void> {
	const ended = capture.exitCode === null ? once(capture, 'exit') : undefined;
	recorder.send({type: 'stop'});
	await recorder.untilEnd();
	await ended;
}
