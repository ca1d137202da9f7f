import {promisify} from 'node:util';
import koffi from 'koffi';

/** Where PortAudio is opened by its name: the one that a Debian package, or naudiodon, brought. */
export const portAudioSoname = 'libportaudio.so.2';

const streamParameters = koffi.struct({
	device: 'int',
	channelCount: 'int',
	sampleFormat: 'ulong',
	suggestedLatency: 'double',
	hostApiSpecificStreamInfo: 'void *',
});

const deviceInfo = koffi.struct({
	structVersion: 'int',
	name: 'const char *',
	hostApi: 'int',
	maxInputChannels: 'int',
	maxOutputChannels: 'int',
	defaultLowInputLatency: 'double',
	defaultLowOutputLatency: 'double',
	defaultHighInputLatency: 'double',
	defaultHighOutputLatency: 'double',
	defaultSampleRate: 'double',
});

const hostApiInfo = koffi.struct({structVersion: 'int', type: 'int', name: 'const char *'});

const paInt16 = 8;
const inputOverflowed = -9981;

/** A device as PortAudio sees it. */
export type PortAudioDevice = {
	id: number;
	name: string;
	hostApi: string;
	maxInputChannels: number;
	defaultSampleRate: number;
	defaultHighInputLatency: number;
};

/** A device and how to open it. */
export type PortAudioInput = {id: number; channels: number; sampleRate: number; latencySeconds: number};

/** An input stream that is open. */
export type PortAudioStream = bigint;

/** What a read came to. `overflowed`: samples before these were lost. */
export type PortAudioRead = {overflowed: boolean; error: string | undefined};

/** PortAudio 19's functions, as far as a microphone needs them. What can take long runs on another thread. Throws where the library is not there. */
export class PortAudioLibrary {
	readonly #functions: ReturnType<typeof bind>;

	constructor(file: string = portAudioSoname) {
		this.#functions = bind(koffi.load(file));
	}

	/** Looks at the devices that are there now; counted, each needs its `terminate`. */
	async initialize(): Promise<void> {
		this.#check(await this.#functions.initialize());
	}

	/** Takes one `initialize` back. */
	async terminate(): Promise<void> {
		this.#check(await this.#functions.terminate());
	}

	/** The devices that `initialize` saw. */
	devices(): PortAudioDevice[] {
		const {deviceCount, deviceInfoAt, hostApiInfoAt} = this.#functions;
		return Array.from({length: Math.max(0, deviceCount())}, (_, id) => {
			const {hostApi, ...info} = koffi.decode(deviceInfoAt(id), deviceInfo);
			return {...info, id, hostApi: koffi.decode(hostApiInfoAt(hostApi), hostApiInfo).name};
		});
	}

	/** The device that the system would choose, -1 where there is none. */
	defaultInput(): number {
		return this.#functions.defaultInput();
	}

	/** Whether the device would open so. Opens it for a moment. */
	async takes(input: PortAudioInput): Promise<boolean> {
		return (await this.#functions.isFormatSupported(parametersOf(input), null, input.sampleRate)) === 0;
	}

	/** Opens a device and starts it; `read` then gives frames of `channels` 16-bit samples. Throws. */
	async open(input: PortAudioInput): Promise<PortAudioStream> {
		const stream: [PortAudioStream | null] = [null];
		const {openStream, startStream} = this.#functions;
		// 0 frames per buffer: as the device likes best. No flags, no callback: blocking reads.
		this.#check(await openStream(stream, parametersOf(input), null, input.sampleRate, 0, 0, null, null));
		try {
			this.#check(await startStream(stream[0]!));
		} catch (error) {
			await this.#functions.closeStream(stream[0]!);
			throw error;
		}
		return stream[0]!;
	}

	/** Fills `frames` on another thread, which waits for the device. */
	async read(stream: PortAudioStream, frames: Int16Array, nFrames: number): Promise<PortAudioRead> {
		const code = await this.#functions.readStream(stream, frames, nFrames);
		const isGood = code === 0 || code === inputOverflowed;
		return {overflowed: code === inputOverflowed, error: isGood ? undefined : this.#functions.errorText(code)};
	}

	/** Stops and closes a stream; no read may be under way. */
	async close(stream: PortAudioStream): Promise<void> {
		await this.#functions.abortStream(stream);
		await this.#functions.closeStream(stream);
	}

	#check(code: number): void {
		if (code < 0) throw new Error(this.#functions.errorText(code));
	}
}

type Parameter = string | ReturnType<typeof koffi.pointer | typeof koffi.out>;

function bind(library: ReturnType<typeof koffi.load>) {
	const direct = (name: string, result: string, parameters: Parameter[]) => library.func(name, result, parameters);
	const apart = (name: string, parameters: Parameter[]) =>
		promisify(library.func(name, 'int', parameters).async) as (...args: unknown[]) => Promise<number>;
	const opened = koffi.out(koffi.pointer('void *'));
	const input = koffi.pointer(streamParameters);
	return {
		initialize: apart('Pa_Initialize', []),
		terminate: apart('Pa_Terminate', []),
		deviceCount: direct('Pa_GetDeviceCount', 'int', []) as () => number,
		defaultInput: direct('Pa_GetDefaultInputDevice', 'int', []) as () => number,
		deviceInfoAt: direct('Pa_GetDeviceInfo', 'void *', ['int']) as (id: number) => bigint,
		hostApiInfoAt: direct('Pa_GetHostApiInfo', 'void *', ['int']) as (id: number) => bigint,
		errorText: direct('Pa_GetErrorText', 'str', ['int']) as (code: number) => string,
		isFormatSupported: apart('Pa_IsFormatSupported', [input, 'void *', 'double']),
		openStream: apart('Pa_OpenStream', [opened, input, 'void *', 'double', 'ulong', 'ulong', 'void *', 'void *']),
		startStream: apart('Pa_StartStream', ['void *']),
		readStream: apart('Pa_ReadStream', ['void *', 'void *', 'ulong']),
		abortStream: apart('Pa_AbortStream', ['void *']),
		closeStream: apart('Pa_CloseStream', ['void *']),
	};
}

const parametersOf = ({id, channels, latencySeconds}: PortAudioInput) => ({
	device: id,
	channelCount: channels,
	sampleFormat: paInt16,
	suggestedLatency: latencySeconds,
	hostApiSpecificStreamInfo: null,
});
