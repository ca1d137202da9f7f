import {createRequire} from 'node:module';
import {isAlsaDefaultServer} from '../../system/sound-server.js';
import {AudioError} from '../audio-error.js';
import type {
	Microphone,
	MicrophoneBackend,
	MicrophoneDevice,
	MicrophoneFormat,
	MicrophoneListener,
} from '../microphone.js';
import {Delivery} from '../microphones/delivery.js';
import {channelsToOpen, int16Of, toMono} from '../microphones/mono.js';
import {checkStillThere, microphonesOf, refusal, withProbedRates} from './devices.js';
import {PortAudioLibrary} from './library.js';
import {inTurn} from './turns.js';

/**
 * The addon inside naudiodon. Its `index.js` is left aside: it installs a handler that writes `crash.log` into the working directory at a crash, and its
 * stream ends at the first overrun.
 */
const addonPath = 'naudiodon/build/Release/naudiodon.node';

type NaudiodonDevice = {
	id: number;
	name: string;
	maxInputChannels: number;
	defaultSampleRate: number;
	hostAPIName: string;
};
type NaudiodonInput = {
	deviceId: number;
	channelCount: number;
	sampleRate: number;
	sampleFormat: number;
	framesPerBuffer: number;
	maxQueue: number;
	closeOnError: boolean;
};
/** `err`: what PortAudio's callback was told since the last read; the samples of this read are lost then. */
type NaudiodonRead = {err?: string; buf?: Uint8Array; finished?: boolean};
type NaudiodonStream = {
	start(): void;
	read(bytes: number): Promise<NaudiodonRead>;
	quit(how: 'WAIT' | 'ABORT'): Promise<void>;
};
type Addon = {
	getDevices(): NaudiodonDevice[];
	getHostAPIs(): {defaultHostAPI: number; HostAPIs: {id: number; defaultInput: number}[]};
	create(options: {inOptions: NaudiodonInput}): NaudiodonStream;
};

const blockMs = 20;
/** PortAudio's own thread puts blocks into a queue and waits when it is full: it holds a minute, so that only a process that is dead loses samples. */
const queuedBlocks = 60_000 / blockMs;

type Loaded = {
	addon: Addon;
	/** The same PortAudio through koffi, for what the addon does not offer; undefined where koffi cannot have it. */
	library: PortAudioLibrary | undefined;
};
let loaded: Loaded | undefined;

/** PortAudio through naudiodon, which reads on a thread of its own and keeps a minute for a process that is busy. */
export const naudiodonBackend: MicrophoneBackend = {
	name: 'naudiodon',

	list: ({withRates = false} = {}) => inTurn(() => list(withRates)),

	open: (device, format, listener) => inTurn(() => open(device, format, listener)),
};

async function list(withRates: boolean): Promise<MicrophoneDevice[]> {
	const {addon, library} = load();
	await library?.initialize();
	try {
		const {defaultHostAPI, HostAPIs} = addon.getHostAPIs();
		const microphones = microphonesOf(devicesOf(addon), {
			backend: 'naudiodon',
			defaultInput: HostAPIs.find(({id}) => id === defaultHostAPI)?.defaultInput ?? -1,
			isDefaultServer: await isAlsaDefaultServer(),
		});
		return withRates && library ? await withProbedRates(library, microphones) : microphones;
	} finally {
		await library?.terminate();
	}
}

async function open(
	device: MicrophoneDevice,
	format: MicrophoneFormat,
	listener: MicrophoneListener,
): Promise<Microphone> {
	const {addon, library} = load();
	// Held until the stream is there: meanwhile a number means the same device.
	await library?.initialize();
	try {
		checkStillThere(device, devicesOf(addon));
		const channels = channelsToOpen(device, format.channel);
		const stream = await start(device, format, channels);
		return read(stream, format.channel, channels, new Delivery(device, format.sampleRate, listener));
	} finally {
		await library?.terminate();
	}
}

function load(): Loaded {
	if (loaded) return loaded;
	let addon: Addon;
	try {
		addon = createRequire(import.meta.url)(addonPath);
	} catch (error) {
		const [firstLine] = (error as Error).message.split('\n');
		throw new AudioError('backend-missing', `naudiodon cannot be loaded (${firstLine}).`, {cause: error});
	}
	loaded = {addon, library: libraryOfAddon()};
	return loaded;
}

/** The library that the addon brought into the process has the name that is asked for, so it is this one that koffi gets. */
function libraryOfAddon(): PortAudioLibrary | undefined {
	try {
		return new PortAudioLibrary();
	} catch {
		return undefined;
	}
}

const devicesOf = (addon: Addon) =>
	addon.getDevices().map(({hostAPIName, ...device}) => ({...device, hostApi: hostAPIName}));

async function start(device: MicrophoneDevice, format: MicrophoneFormat, channels: number): Promise<NaudiodonStream> {
	const {addon, library} = load();
	const inOptions: NaudiodonInput = {
		deviceId: Number(device.id),
		channelCount: channels,
		sampleRate: format.sampleRate,
		sampleFormat: 16,
		framesPerBuffer: framesPerBlock(format.sampleRate),
		maxQueue: queuedBlocks,
		closeOnError: true,
	};
	let stream: NaudiodonStream;
	try {
		stream = addon.create({inOptions});
	} catch (error) {
		// The addon initialized PortAudio and forgets about it when it throws; the list of devices would never be renewed.
		await library?.terminate();
		throw refusal(device, format, error as Error);
	}
	try {
		stream.start();
		return stream;
	} catch (error) {
		await stream.quit('ABORT');
		throw refusal(device, format, error as Error);
	}
}

function read(stream: NaudiodonStream, channel: number | 'mix', channels: number, delivery: Delivery): Microphone {
	const bytes = framesPerBlock(delivery.sampleRate) * channels * Int16Array.BYTES_PER_ELEMENT;
	const readAll = async () => {
		while (!delivery.isOver) {
			const {err, buf, finished} = await stream.read(bytes);
			if (err?.includes('overflow')) delivery.overruns++;
			else if (err !== undefined) delivery.end(`stopped: ${err}`);
			else if (finished) delivery.end('stopped');
			else if (buf) delivery.give(toMono(int16Of(buf), channels, channel));
		}
	};
	const reading = readAll().catch(error => delivery.end(`stopped: ${error.message}`, error));
	// Quitting wakes a read that waits.
	delivery.onRelease(() => inTurn(() => Promise.all([stream.quit('ABORT'), reading])));
	return delivery;
}

const framesPerBlock = (sampleRate: number) => Math.round((blockMs * sampleRate) / 1000);
