import {setTimeout as sleep} from 'node:timers/promises';
import type {Microphone, MicrophoneDevice, MicrophoneListener, MicrophoneRequest} from '../audio/microphone.js';
import type {MicrophoneList} from '../audio/open-microphone.js';

/** How microphones are opened and listed: `audio/open-microphone.ts`, or a test's. */
export type Microphones = {
	openMicrophone(request: MicrophoneRequest, listener: MicrophoneListener): Promise<Microphone>;
	listMicrophones(): Promise<MicrophoneList>;
};

/** Who hears a microphone that is kept open. Calls come in the order of this list, again and again. */
export type KeptListener = {
	/** A device is open. */
	onOpen(device: MicrophoneDevice, sampleRate: number): void;
	/** Its samples; the array belongs to the listener. */
	onSamples(samples: Int16Array): void | Promise<void>;
	/** It is closed: it was asked to be, or went by itself. Nothing is opened before the promise resolves. */
	onClosed(): Promise<void>;
	/** There is no device now, for the reason that `problem` says: it went, or cannot be opened. Another attempt follows. */
	onMissing(problem: string): void;
};

/** `closed`: nobody wants it. `missing`: it went, or was not to be had so far. */
export type KeeperState = 'closed' | 'opening' | 'open' | 'missing';

const firstPauseMs = 250;
/** A device that is back is heard again within this. */
const longestPauseMs = 2000;
/** One that stayed open for so long may be tried at once when it goes. */
const steadyMs = 5000;
/** A device that was plugged in again, or a sound server that was restarted, is back within this; only after it others are taken. */
const othersAfterMs = 2000;
/** A driver that hangs when it is closed must not hold up the end of a recording for longer. */
const closeTimeoutMs = 3000;

/**
 * Keeps a microphone open: reopens it when it went, by its name, for as long as it takes. Where it was the system's choice, or the sound server that it came from went, another one is
 * taken after a while; the choice itself stays for the next time.
 */
export class MicrophoneKeeper {
	readonly #request: MicrophoneRequest;
	readonly #listener: KeptListener;
	readonly #microphones: Microphones;
	#state: KeeperState = 'closed';
	#closing = new AbortController();
	#ended: Promise<void> = Promise.resolve();
	#microphone: Microphone | undefined;
	/** The device that was opened as what was asked for. */
	#chosen: MicrophoneDevice | undefined;
	/** Of those that are closed. */
	#pastOverruns = 0;

	constructor(request: MicrophoneRequest, listener: KeptListener, microphones: Microphones) {
		this.#request = request;
		this.#listener = listener;
		this.#microphones = microphones;
	}

	/** What it is doing. */
	get state(): KeeperState {
		return this.#state;
	}

	/** The device that is open. */
	get microphone(): Microphone | undefined {
		return this.#microphone;
	}

	/** How often samples were lost since nobody took them in time, over all devices. */
	get overruns(): number {
		return this.#pastOverruns + (this.#microphone?.overruns ?? 0);
	}

	/** Opens the device and keeps it open until `close`. */
	open(): void {
		if (this.#state !== 'closed') return;
		this.#state = 'opening';
		this.#closing = new AbortController();
		const {signal} = this.#closing;
		// A device that is being closed still is closed first.
		this.#ended = this.#ended.then(() => this.#keep(signal));
	}

	/** Closes the device; resolves when it is free and its samples have been heard. */
	async close(): Promise<void> {
		this.#state = 'closed';
		this.#closing.abort();
		await this.#ended;
	}

	async #keep(signal: AbortSignal): Promise<void> {
		let pauseMs = firstPauseMs;
		let goneMs = performance.now();
		while (!signal.aborted) {
			const opened = await this.#openOne(performance.now() - goneMs).catch((error: Error) => {
				this.#missing(signal, error);
				return undefined;
			});
			if (opened) {
				const openedMs = performance.now();
				const error = await this.#hear(opened, signal);
				goneMs = performance.now();
				if (goneMs - openedMs > steadyMs) pauseMs = firstPauseMs;
				if (error) this.#missing(signal, error);
			}
			if (signal.aborted) return;
			await sleep(pauseMs, undefined, {signal}).catch(() => {});
			pauseMs = Math.min(2 * pauseMs, longestPauseMs);
		}
	}

	#missing(signal: AbortSignal, error: Error): void {
		if (signal.aborted) return;
		this.#state = 'missing';
		this.#listener.onMissing(error.message);
	}

	/** Hears what was opened until it goes, for the reason that is returned, or is to be closed. */
	async #hear({microphone, ended, start}: Opened, signal: AbortSignal): Promise<Error | undefined> {
		const aborted = new Promise<void>(resolve => {
			signal.addEventListener('abort', () => resolve(), {once: true});
		});
		this.#microphone = microphone;
		const isHeard = !signal.aborted;
		if (isHeard) {
			this.#state = 'open';
			this.#listener.onOpen(microphone.device, microphone.sampleRate);
			start();
			await Promise.race([ended, aborted]);
		}
		await Promise.race([microphone.close(), sleep(closeTimeoutMs, undefined, {ref: false})]);
		this.#pastOverruns += microphone.overruns;
		this.#microphone = undefined;
		if (isHeard) await this.#listener.onClosed();
		return signal.aborted ? undefined : await ended;
	}

	async #openOne(goneForMs: number): Promise<Opened> {
		const same = {...this.#request, device: this.#chosen?.name ?? this.#request.device};
		let refusal: unknown;
		try {
			const opened = await this.#openRequest(same);
			this.#chosen ??= opened.microphone.device;
			return opened;
		} catch (error) {
			refusal = error;
		}
		if (goneForMs < othersAfterMs) throw refusal;
		for (const other of await this.#others()) {
			try {
				return await this.#openRequest(other);
			} catch {
				// The reason that counts is why the chosen one is not to be had.
			}
		}
		throw refusal;
	}

	/** What may be taken instead of the device that is gone. */
	async #others(): Promise<MicrophoneRequest[]> {
		const isFree = this.#request.device === undefined;
		const lostServer = this.#chosen ? this.#chosen.route === 'sound-server' : isFree;
		const others: MicrophoneRequest[] = isFree ? [this.#request] : [];
		if (lostServer) {
			const {devices} = await this.#microphones.listMicrophones().catch(() => ({devices: []}));
			for (const {name, route} of devices) {
				if (route === 'alsa') others.push({...this.#request, device: name, channel: 'mix'});
			}
		}
		return others;
	}

	async #openRequest(request: MicrophoneRequest): Promise<Opened> {
		let isStarted = false;
		const early: Int16Array[] = [];
		let end: (error: Error) => void = () => {};
		const ended = new Promise<Error>(resolve => {
			end = resolve;
		});
		const microphone = await this.#microphones.openMicrophone(request, {
			onSamples: samples => {
				if (isStarted) return this.#listener.onSamples(samples);
				early.push(samples);
			},
			onEnd: end,
		});
		const start = () => {
			isStarted = true;
			for (const samples of early.splice(0)) void this.#listener.onSamples(samples);
		};
		return {microphone, ended, start};
	}
}

/** `start` lets its samples be heard, those that came since it is open first; `ended` tells why it went. */
type Opened = {microphone: Microphone; ended: Promise<Error>; start: () => void};
