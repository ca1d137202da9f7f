import {AudioError} from './audio-error.js';
import {
	type BackendName,
	backendNames,
	type Microphone,
	type MicrophoneBackend,
	type MicrophoneDevice,
	type MicrophoneListener,
	type MicrophoneRequest,
} from './microphone.js';
import {isFileAddress} from './microphones/file-address.js';
import {findDevice, noDevices} from './microphones/find-device.js';

/** The microphones that can be heard now, through the best way that works here. */
export type MicrophoneList = {
	/** The way; undefined where none works. */
	backend: BackendName | undefined;
	devices: MicrophoneDevice[];
	/** Ways that come before it and do not work here, each with the reason, one sentence; untrusted. */
	passedOver: {backend: BackendName; reason: string}[];
};

/** How to list microphones. */
export type ListOptions = {
	/** The only way to try. @default the environment's `PI_CAPTION_MICROPHONE`, else all of them, best first */
	backend?: BackendName | undefined;
	/** Asks each for the rates that it takes: opens it for moments. */
	withRates?: boolean;
	/** Ways not to try. */
	skip?: readonly BackendName[];
	/** Told before a way is tried. */
	onTry?: (backend: BackendName) => void | Promise<void>;
};

/** Rates to try where a device refuses its own, in Hz: what microphones have most often. */
const commonRates = [48_000, 44_100, 16_000];

/** Each is loaded when it is tried: where one works, the native code of the others stays out of the process. */
const loaders: Record<BackendName, () => Promise<MicrophoneBackend>> = {
	naudiodon: async () => (await import('./portaudio/naudiodon.js')).naudiodonBackend,
	koffi: async () => (await import('./portaudio/koffi.js')).koffiBackend,
	'pw-record': async () => (await import('./microphones/pw-record.js')).pwRecordBackend,
	parec: async () => (await import('./microphones/parec.js')).parecBackend,
	arecord: async () => (await import('./microphones/arecord.js')).arecordBackend,
};

type Found = MicrophoneList & {open: MicrophoneBackend['open']};

/**
 * Lists what can be opened in this process. Native code prints to stdout and stderr meanwhile: commands use `microphones/list-apart.ts`. Throws `AudioError` where the environment's
 * `PI_CAPTION_MICROPHONE` names no way.
 */
export async function listMicrophones(options: ListOptions = {}): Promise<MicrophoneList> {
	const {backend, devices, passedOver} = await firstThatWorks(options);
	return {backend, devices, passedOver};
}

/**
 * Opens a microphone at the rate that is asked for, or where it refuses that, at its native one. Throws `AudioError`: `no-device` where there is none of that name,
 * `device-refused` where it does not open.
 */
export async function openMicrophone(request: MicrophoneRequest, listener: MicrophoneListener): Promise<Microphone> {
	const {device: wanted, channel = 'mix', sampleRate = 24_000} = request;
	if (wanted !== undefined && isFileAddress(wanted)) {
		const {findFileMicrophone, openFileMicrophone} = await import('./microphones/file-microphone.js');
		const device = await findFileMicrophone(wanted);
		return openFileMicrophone(device, {sampleRate: device.nativeRate, channel}, listener);
	}
	const {open, devices} = await firstThatWorks({backend: request.backend});
	const device = findDevice(devices, wanted);
	let refusal: unknown;
	for (const rate of new Set([sampleRate, device.nativeRate, ...commonRates])) {
		try {
			return await open(device, {sampleRate: rate, channel}, listener);
		} catch (error) {
			// Any other rate may be refused for being another: what the native one is refused for is the reason.
			if (refusal === undefined || rate === device.nativeRate) refusal = error;
		}
	}
	throw refusal;
}

async function firstThatWorks({
	backend = forcedBackend(),
	withRates = false,
	skip = [],
	onTry,
}: ListOptions): Promise<Found> {
	const passedOver: MicrophoneList['passedOver'] = [];
	for (const name of (backend ? [backend] : backendNames).filter(one => !skip.includes(one))) {
		await onTry?.(name);
		try {
			const tried = await loaders[name]();
			const devices = await tried.list({withRates});
			if (devices.length > 0) return {backend: name, devices, passedOver, open: tried.open};
			passedOver.push({backend: name, reason: 'It finds no microphone.'});
		} catch (error) {
			passedOver.push({backend: name, reason: error instanceof Error ? error.message : String(error)});
		}
	}
	const open = () => Promise.reject(new AudioError('no-device', noDevices));
	return {backend: undefined, devices: [], passedOver, open};
}

/** The way that `PI_CAPTION_MICROPHONE` says is the only one to take, for tests and for who knows better. */
function forcedBackend(): BackendName | undefined {
	const forced = process.env.PI_CAPTION_MICROPHONE;
	if (!forced) return undefined;
	const backend = backendNames.find(name => name === forced);
	if (backend) return backend;
	throw new AudioError(
		'backend-missing',
		`PI_CAPTION_MICROPHONE=${forced} names no way to a microphone: there are ${backendNames.join(', ')}.`,
	);
}
