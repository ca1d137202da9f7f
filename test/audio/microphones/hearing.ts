import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {MicrophoneDevice, MicrophoneRequest} from '../../../src/audio/microphone.js';

/** What to hear; `nFirst` samples from the beginning are told one by one. */
export type HearingTask = {request: MicrophoneRequest; nFirst: number};
/** What the process that hears tells. */
export type FromHearing =
	| {type: 'open'; sampleRate: number; device: MicrophoneDevice}
	| {type: 'first'; samples: number[]}
	| {type: 'heard'; frequency: number; peak: number}
	| {type: 'end'; message: string; nSamples: number}
	| {type: 'closed'; nSamples: number; nDescriptors: number}
	| {type: 'failed'; message: string; code: string};
type Message<Type> = Extract<FromHearing, {type: Type}>;

/** What the process ends with when it is asked to exit. */
export const exitCode = 7;

/** A process that hears microphones: native code prints what it likes there, and finds the sound server that `env` names. */
export class Hearing {
	readonly #child: ChildProcess;
	#messages: FromHearing[] = [];
	#wake: () => void = () => {};
	#exit: string | undefined;

	constructor(env: Record<string, string>) {
		const program = fileURLToPath(new URL('./hear.js', import.meta.url));
		this.#child = fork(program, {stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {...process.env, ...env}});
		this.#child.on('message', (message: FromHearing) => {
			this.#messages.push(message);
			this.#wake();
		});
		this.#child.on('exit', (code, signal) => {
			this.#exit = `the process that hears ended (${signal ?? code})`;
			this.#wake();
		});
	}

	/** Opens a microphone. */
	async open(request: MicrophoneRequest, nFirst = 0): Promise<Message<'open'>> {
		this.#child.send({request, nFirst} satisfies HearingTask);
		return this.next('open');
	}

	/** The next message of this type for which `isIt`; others are passed over, a failure is thrown. */
	async next<Type extends FromHearing['type']>(
		type: Type,
		isIt: (message: Message<Type>) => boolean = () => true,
	): Promise<Message<Type>> {
		for (;;) {
			const message = this.#messages.shift();
			if (message?.type === type && isIt(message as Message<Type>)) return message as Message<Type>;
			if (message?.type === 'failed' || message?.type === 'end') throw new Error(JSON.stringify(message));
			if (message) continue;
			if (this.#exit !== undefined) throw new Error(this.#exit);
			await new Promise<void>(resolve => {
				this.#wake = resolve;
			});
		}
	}

	/** Resolves when a sine of about this frequency is heard. */
	async sine(frequency: number): Promise<Message<'heard'>> {
		return this.next('heard', heard => Math.abs(heard.frequency - frequency) < 5 && heard.peak > 0x1000);
	}

	/** Closes what is open. */
	async close(): Promise<Message<'closed'>> {
		this.#child.send('close');
		return this.next('closed');
	}

	/** Lets the process exit by itself; resolves with its exit code. */
	async exit(): Promise<number | null> {
		this.#child.send('exit');
		const [code] = await once(this.#child, 'exit');
		return code;
	}

	/** Ends the process. */
	end(): void {
		this.#child.kill('SIGKILL');
	}
}
