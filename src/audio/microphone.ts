/**
 * Ways to a microphone, best first: PortAudio through naudiodon, PortAudio through koffi and the system's `libportaudio2`, then the programs of PipeWire,
 * PulseAudio and ALSA.
 */
export const backendNames = ['naudiodon', 'koffi', 'pw-record', 'parec', 'arecord'] as const;

/** A way to a microphone. */
export type BackendName = (typeof backendNames)[number];

/** Where a device's sound comes from: the kernel's driver, a sound server that ends with the user's last login, or a recording that is played as if it were a microphone. */
export type Route = 'alsa' | 'sound-server' | 'file';

/** A microphone that can be opened. Its names are the system's: untrusted. */
export type MicrophoneDevice = {
	/** Position in the list, from 1 on. It changes when devices come and go; the name is what is kept. */
	number: number;
	name: string;
	backend: BackendName | 'file';
	/** What the backend knows it by. */
	id: string;
	/** Input channels it has. */
	channels: number;
	/** Rate that it works at by itself, in Hz. */
	nativeRate: number;
	/** Rates of `probedRates` that it takes, in Hz; undefined where they were not asked for or the backend cannot tell. */
	rates?: number[];
	/** It is the one that the system would choose. */
	isDefault: boolean;
	route: Route;
};

/** Rates that a list of devices tells about, in Hz. */
export const probedRates: readonly number[] = [16_000, 24_000, 32_000, 44_100, 48_000, 96_000];

/** Which microphone to open and how. */
export type MicrophoneRequest = {
	/**
	 * Its name as `pi-caption devices` shows it, a part of that which no other has, its number, or `file:PATH?…` (`microphones/file-microphone.ts`).
	 * @default the one that the system would choose
	 */
	device?: string;
	/** The channel to take, from 1 on, or the mean of all. @default 'mix' */
	channel?: number | 'mix';
	/** Rate to ask for first, in Hz; where it is refused, the device's native one comes. @default 24_000 */
	sampleRate?: number;
	/** The only way to try. @default the environment's `PI_CAPTION_MICROPHONE`, else all of them, best first */
	backend?: BackendName;
};

/** Who hears a microphone. */
export type MicrophoneListener = {
	/**
	 * Mono samples in order, about 20 ms of them; the array and its memory belong to the listener. No device ever waits for the listener; only a recording that is played as fast
	 * as possible waits for the promise.
	 */
	onSamples(samples: Int16Array<ArrayBuffer>): void | Promise<void>;
	/** The device ended by itself: unplugged, its sound server gone, nothing given for seconds. Called once; nothing comes after it, and never after `close`. */
	onEnd(error: Error): void;
};

/** A microphone that is open. */
export type Microphone = {
	readonly device: MicrophoneDevice;
	/** Rate of the samples that come, in Hz. */
	readonly sampleRate: number;
	/** How often samples were lost before they came here, since nobody took them in time. */
	readonly overruns: number;
	/** Samples that `onSamples` got so far. */
	readonly nSamples: number;
	/** Closes the device; resolves when it is free again. Safe at any time, more than once. */
	close(): Promise<void>;
};

/** One way to microphones. */
export type MicrophoneBackend = {
	readonly name: BackendName;
	/** The devices it can hear now, `withRates` with the rates that they take (slow, and noisy on stderr). Throws `AudioError` with the code `backend-missing` where it does not work here. */
	list(options?: {withRates?: boolean}): Promise<MicrophoneDevice[]>;
	/** Opens a device of its list at exactly this rate. Throws `AudioError` with the code `device-refused`. */
	open(device: MicrophoneDevice, format: MicrophoneFormat, listener: MicrophoneListener): Promise<Microphone>;
};

/** How to open a device. */
export type MicrophoneFormat = {sampleRate: number; channel: number | 'mix'};
