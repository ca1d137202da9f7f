import {AudioError} from '../audio-error.js';
import {type MicrophoneDevice, type MicrophoneListener, stalledMs} from '../microphone.js';

/** What a device hands to its listener: counts it, notices a device that gives nothing, and ends once. */
export class Delivery {
	nSamples = 0;
	overruns = 0;
	readonly #device: MicrophoneDevice;
	readonly #listener: MicrophoneListener;
	readonly #stall: NodeJS.Timeout;
	#isOver = false;

	constructor(device: MicrophoneDevice, listener: MicrophoneListener) {
		this.#device = device;
		this.#listener = listener;
		this.#stall = setTimeout(() => this.end(`gave no sample for ${stalledMs / 1000} s`), stalledMs);
	}

	/** Whether it ended or was closed: nothing is given any more. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Hands over `samples`, whose memory the listener then owns. */
	give(samples: Int16Array<ArrayBuffer>): void {
		if (this.#isOver || samples.length === 0) return;
		this.#stall.refresh();
		this.nSamples += samples.length;
		void this.#listener.onSamples(samples);
	}

	/** The device ended by itself: it `did` what the sentence says. */
	end(did: string, cause?: unknown): void {
		if (this.#isOver) return;
		this.close();
		this.#listener.onEnd(
			new AudioError('device-gone', `The microphone ${this.#device.name} ${did}.`, cause ? {cause} : undefined),
		);
	}

	/** From now on nothing is given. */
	close(): void {
		this.#isOver = true;
		clearTimeout(this.#stall);
	}
}
