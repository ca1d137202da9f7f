import {AudioError} from '../audio-error.js';
import type {Microphone, MicrophoneDevice, MicrophoneListener} from '../microphone.js';

/** A device gives samples all the time: one that gives none for so long is gone, and its driver or PortAudio's thread ended without a word. The first ones may take longer. */
const stalledMs = {first: 5000, later: 2000};
/** Looks are counted, not milliseconds: a process that was stopped, or a machine that slept, has not heard the device yet when it goes on. */
const lookMs = 250;

/** How long closing waits for native code or a program that no longer answers. */
const longestReleaseMs = 3000;

/** A device that is open, as its listener sees it: counts what is handed over, notices a device that gives nothing, ends once and releases once. */
export class Delivery implements Microphone {
	overruns = 0;
	nSamples = 0;
	readonly #listener: MicrophoneListener;
	readonly #looking: NodeJS.Timeout;
	#looksInVain = 0;
	#release: () => Promise<unknown> = async () => {};
	#released: Promise<void> | undefined;

	constructor(
		readonly device: MicrophoneDevice,
		readonly sampleRate: number,
		listener: MicrophoneListener,
	) {
		this.#listener = listener;
		this.#looking = setInterval(() => this.#look(), lookMs);
	}

	/** Whether it ended or was closed: nothing is given any more. */
	get isOver(): boolean {
		return this.#released !== undefined;
	}

	/** What gives the device back when this is over, whatever ended it. */
	onRelease(release: () => Promise<unknown>): void {
		this.#release = release;
	}

	/** Hands over `samples`, whose memory the listener then owns. */
	give(samples: Int16Array<ArrayBuffer>): void {
		if (this.isOver || samples.length === 0) return;
		this.#looksInVain = 0;
		this.nSamples += samples.length;
		void this.#listener.onSamples(samples);
	}

	/** The device ended by itself: it `did` what the sentence says. */
	end(did: string, cause?: unknown): void {
		if (this.isOver) return;
		void this.close();
		const options = cause === undefined ? undefined : {cause};
		this.#listener.onEnd(new AudioError('device-gone', `The microphone ${this.device.name} ${did}.`, options));
	}

	close(): Promise<void> {
		this.#released ??= this.#giveBack();
		return this.#released;
	}

	#look(): void {
		const longestMs = this.nSamples === 0 ? stalledMs.first : stalledMs.later;
		if (++this.#looksInVain * lookMs > longestMs) this.end(`gave no sample for ${longestMs / 1000} s`);
	}

	async #giveBack(): Promise<void> {
		clearInterval(this.#looking);
		let timer: NodeJS.Timeout | undefined;
		const tooLong = new Promise(resolve => {
			timer = setTimeout(resolve, longestReleaseMs);
		});
		// What a broken device says at its end helps nobody.
		await Promise.race([this.#release().catch(() => {}), tooLong]);
		clearTimeout(timer);
	}
}
