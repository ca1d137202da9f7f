import {setTimeout as sleep} from 'node:timers/promises';
import {AudioError} from '../audio-error.js';
import type {Microphone, MicrophoneDevice, MicrophoneFormat, MicrophoneListener} from '../microphone.js';
import {StreamResampler} from '../stream-resampler.js';
import {type FileAddress, parseFileAddress} from './file-address.js';
import {Recording} from './recording.js';

/** How often samples come, and how many milliseconds of them each time at the pace of speech. */
const blockMs = 20;
const overrunMs = 100;

/**
 * Recordings that play the part of a microphone, by their addresses: a microphone goes on hearing while nobody has it open, so each keeps its place
 * as long as the process lives.
 */
const virtualMicrophones = new Map<string, VirtualMicrophone>();

/** The device behind `address`, without opening it. Throws `AudioError` where there is no such recording, or it is gone just now. */
export async function findFileMicrophone(address: string): Promise<MicrophoneDevice> {
	let microphone = virtualMicrophones.get(address);
	if (!microphone) {
		microphone = await VirtualMicrophone.plugIn(address);
		virtualMicrophones.set(address, microphone);
	}
	return microphone.device();
}

/** Opens a device of `findFileMicrophone` at the one rate that it has. Throws `AudioError`. */
export async function openFileMicrophone(
	device: MicrophoneDevice,
	{sampleRate}: MicrophoneFormat,
	listener: MicrophoneListener,
): Promise<Microphone> {
	const microphone = virtualMicrophones.get(device.id)!;
	const {nativeRate} = microphone.device();
	if (sampleRate !== nativeRate)
		throw new AudioError('device-refused', `${device.name} takes ${nativeRate} Hz, not ${sampleRate} Hz.`);
	return microphone.open(device, listener);
}

/** What one opening of it has come to. */
type Opening = {recording: Recording; isClosed: boolean; overruns: number; nSamples: number; give: Give};
type Give = (samples: Int16Array<ArrayBuffer>) => void | Promise<void>;

class VirtualMicrophone {
	readonly #name: string;
	readonly #address: FileAddress;
	readonly #recordingRate: number;
	readonly #blockSamples: number;
	/** What is still to happen, at samples of the recording: a loss, or that it is gone for so long. */
	readonly #events: {atSample: number; goneSamples?: number}[];
	/** Next sample of the recording. Counts on when the recording begins again. */
	#position = 0;
	/** Wall clock of sample 0, once it is known. */
	#originMs: number | undefined;
	#isOpen = false;
	#wasGone = false;
	/** When it comes back. Only where no clock tells. */
	#backAtMs = 0;

	static async plugIn(name: string): Promise<VirtualMicrophone> {
		const address = parseFileAddress(name);
		const recording = await Recording.open(address.path, address.rawRate);
		const isEmpty = (await recording.readSome(1)).length === 0;
		await recording.close();
		if (isEmpty) throw new AudioError('empty', `The recording ${address.path} has no samples.`);
		return new VirtualMicrophone(name, address, recording.sampleRate);
	}

	private constructor(name: string, address: FileAddress, recordingRate: number) {
		this.#name = name;
		this.#address = address;
		this.#recordingRate = recordingRate;
		this.#blockSamples = Math.round((blockMs * recordingRate) / 1000);
		this.#originMs = address.fromWallMs;
		const samples = (seconds: number) => Math.round(seconds * recordingRate);
		this.#events = [
			...address.gone.map(({atSecond, seconds}) => ({atSample: samples(atSecond), goneSamples: samples(seconds)})),
			...address.overruns.map(atSecond => ({atSample: samples(atSecond)})),
		].sort((a, b) => a.atSample - b.atSample);
	}

	/** Throws `AudioError` while it is gone. */
	device(): MicrophoneDevice {
		this.#passTime();
		if (this.#isGone()) throw new AudioError('no-device', `The microphone ${this.#name} is gone.`);
		const {backRate} = this.#address;
		const nativeRate = this.#wasGone && backRate !== undefined ? backRate : this.#recordingRate;
		return {
			number: 1,
			name: this.#name,
			backend: 'file',
			id: this.#name,
			channels: 1,
			nativeRate,
			rates: [nativeRate],
			isDefault: false,
			route: 'file',
		};
	}

	async open(device: MicrophoneDevice, listener: MicrophoneListener): Promise<Microphone> {
		if (this.#isOpen) throw new AudioError('device-refused', `The microphone ${device.name} is in use.`);
		this.#isOpen = true;
		const recording = await Recording.open(this.#address.path, this.#address.rawRate);
		const resampler =
			device.nativeRate === this.#recordingRate
				? undefined
				: await StreamResampler.create(this.#recordingRate, device.nativeRate);
		const give: Give = samples => {
			const given = resampler ? resampler.feed(samples) : samples;
			if (given.length === 0) return;
			opening.nSamples += given.length;
			return listener.onSamples(given);
		};
		const opening: Opening = {recording, isClosed: false, overruns: 0, nSamples: 0, give};
		const gone = () => new AudioError('device-gone', `The microphone ${device.name} is gone.`);
		const played = this.#play(opening)
			.then(gone, (error: Error) => error)
			.then(async error => {
				this.#isOpen = false;
				resampler?.close();
				await opening.recording.close();
				if (!opening.isClosed) listener.onEnd(error);
			});
		return {
			device,
			sampleRate: device.nativeRate,
			get overruns() {
				return opening.overruns;
			},
			get nSamples() {
				return opening.nSamples;
			},
			async close() {
				opening.isClosed = true;
				await played;
			},
		};
	}

	/** Resolves when it vanishes, or was closed. */
	async #play(opening: Opening): Promise<void> {
		this.#originMs ??= nowMs();
		await this.#seek(opening);
		while (!opening.isClosed) {
			const heard = this.#isPaced ? this.#heardByNow() : this.#position + this.#blockSamples;
			// Whole blocks, as devices give them.
			const due = heard - (heard % this.#blockSamples);
			while (this.#position < due && !opening.isClosed) {
				const event = this.#events[0];
				if (event?.atSample === this.#position) {
					this.#events.shift();
					if (event.goneSamples !== undefined) return this.#vanish(event.goneSamples);
					opening.overruns++;
					this.#position += await this.#skip(opening, Math.round((overrunMs * this.#recordingRate) / 1000));
					continue;
				}
				const until = Math.min(due, event?.atSample ?? due);
				const samples = await opening.recording.readSome(Math.min(until - this.#position, this.#blockSamples));
				if (samples.length === 0) {
					if (this.#address.then !== 'loop') return this.#afterTheEnd(opening);
					await this.#rewind(opening);
					continue;
				}
				this.#position += samples.length;
				const taken = opening.give(samples);
				if (!this.#isPaced) await taken;
			}
			// As fast as it is taken: whoever else has work in this process gets a turn.
			await (this.#isPaced ? sleep(blockMs) : new Promise(setImmediate));
		}
	}

	/** Resolves when it vanishes, or was closed. */
	async #afterTheEnd(opening: Opening): Promise<void> {
		const {then} = this.#address;
		const startMs = performance.now();
		for (let given = 0; then !== 'gone' && !opening.isClosed; ) {
			await sleep(blockMs);
			const due = Math.floor(((performance.now() - startMs) * this.#recordingRate) / 1000);
			if (then === 'silence' && due > given) void opening.give(new Int16Array(due - given));
			given = due;
		}
		if (then === 'gone') this.#backAtMs = Number.POSITIVE_INFINITY;
	}

	#vanish(goneSamples: number): void {
		this.#position += goneSamples;
		this.#wasGone = true;
		this.#backAtMs = nowMs() + (1000 * goneSamples) / this.#recordingRate;
	}

	#isGone(): boolean {
		if (this.#isOpen) return false;
		if (!this.#isPaced || this.#backAtMs === Number.POSITIVE_INFINITY) return nowMs() < this.#backAtMs;
		return this.#originMs !== undefined && this.#position > this.#heardByNow();
	}

	/** Where a clock tells, it heard on while it was closed. */
	#passTime(): void {
		if (this.#isOpen || !this.#isPaced || this.#originMs === undefined) return;
		this.#position = Math.max(this.#position, this.#heardByNow());
		while (this.#events[0] && this.#events[0].atSample < this.#position) {
			const {atSample, goneSamples} = this.#events.shift()!;
			if (goneSamples === undefined) continue;
			this.#position = Math.max(this.#position, atSample + goneSamples);
			this.#wasGone = true;
		}
	}

	get #isPaced(): boolean {
		return Number.isFinite(this.#address.speed);
	}

	#heardByNow(): number {
		const elapsedMs = Math.max(0, nowMs() - this.#originMs!);
		return Math.floor((elapsedMs * this.#address.speed * this.#recordingRate) / 1000);
	}

	#seek(opening: Opening): Promise<number> {
		return this.#skip(opening, this.#position);
	}

	async #skip(opening: Opening, length: number): Promise<number> {
		let passed = await opening.recording.skip(length);
		while (passed < length && this.#address.then === 'loop') {
			await this.#rewind(opening);
			passed += await opening.recording.skip(length - passed);
		}
		return length;
	}

	async #rewind(opening: Opening): Promise<void> {
		await opening.recording.close();
		opening.recording = await Recording.open(this.#address.path, this.#address.rawRate);
	}
}

/** The wall clock as it was when the process began, going on steadily. */
const nowMs = () => performance.timeOrigin + performance.now();
