import {Worker} from 'node:worker_threads';
import {CaptureError} from '../capture/capture-error.js';
import type {StartCaptureOptions} from '../capture/start-capture.js';

/** To the thread, and from it: each answer has the number of its question. */
export type StartQuestion = {id: number; options: StartCaptureOptions};
/** From the thread. */
export type StartAnswer = {id: number; problem?: string};

/** What the thread holds is little: its memory is bounded, and its nursery is small. */
const resourceLimits = {maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32};

/**
 * Starts captures from a thread of its own. Linux weighs threads one by one, a process inherits the weight of the thread that starts it, and without being root none becomes more important
 * again: so this is made before the recorder gives way to others (`system/give-way.ts`), and capture does not give way.
 */
export class CaptureStarter {
	readonly #worker = new Worker(new URL('./capture-starter-thread.js', import.meta.url), {resourceLimits});
	readonly #waiting = new Map<number, {resolve(): void; reject(error: Error): void}>();
	#nextId = 0;

	constructor() {
		this.#worker.unref();
		this.#worker.on('message', ({id, problem}: StartAnswer) => {
			const waiting = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (problem === undefined) waiting?.resolve();
			else waiting?.reject(new CaptureError('failed', problem));
		});
		this.#worker.on('error', error => {
			for (const {reject} of this.#waiting.values()) reject(error);
			this.#waiting.clear();
		});
	}

	/** Resolves when the thread is there, with the weight that this process has now. */
	async ready(): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.#worker.once('online', () => resolve());
			this.#worker.once('error', reject);
		});
	}

	/** Starts a capture; resolves when it can be spoken to. Throws `CaptureError` with what it said. */
	start(options: StartCaptureOptions): Promise<void> {
		const id = this.#nextId++;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, {resolve, reject});
			this.#worker.postMessage({id, options} satisfies StartQuestion);
		});
	}
}
