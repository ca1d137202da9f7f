import {setTimeout as sleep} from 'node:timers/promises';
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
import {channelsToOpen, toMono} from '../microphones/mono.js';
import {checkStillThere, microphonesOf, refusal, withProbedRates} from './devices.js';
import {PortAudioLibrary, type PortAudioStream, portAudioSoname} from './library.js';
import {inTurn, leaveStuckThread} from './turns.js';

const blockMs = 20;
/** A read that takes longer waits for a device that is no more. */
const longestReadMs = 500;
/** What the device keeps while this process is busy elsewhere. More makes what is heard come late: drivers cut their buffer into a few periods. */
const latencySeconds = 0.3;

type Opened = {delivery: Delivery; channels: number; channel: number | 'mix'};

let loaded: PortAudioLibrary | undefined;

/** PortAudio through the system's `libportaudio2` and koffi, by blocking reads on another thread. */
export const koffiBackend: MicrophoneBackend = {
	name: 'koffi',

	list: ({withRates = false} = {}) => inTurn(() => list(withRates)),

	open: (device, format, listener) => inTurn(() => open(device, format, listener)),
};

async function list(withRates: boolean): Promise<MicrophoneDevice[]> {
	const library = load();
	await library.initialize();
	try {
		const microphones = microphonesOf(library.devices(), {
			backend: 'koffi',
			defaultInput: library.defaultInput(),
			isDefaultServer: await isAlsaDefaultServer(),
		});
		return withRates ? await withProbedRates(library, microphones) : microphones;
	} finally {
		await library.terminate();
	}
}

async function open(
	device: MicrophoneDevice,
	format: MicrophoneFormat,
	listener: MicrophoneListener,
): Promise<Microphone> {
	const library = load();
	await library.initialize();
	try {
		checkStillThere(device, library.devices());
		const channels = channelsToOpen(device, format.channel);
		const stream = await library
			.open({id: Number(device.id), channels, sampleRate: format.sampleRate, latencySeconds})
			.catch((error: Error) => {
				throw refusal(device, format, error);
			});
		const delivery = new Delivery(device, format.sampleRate, listener);
		return read(library, stream, {delivery, channels, channel: format.channel});
	} catch (error) {
		await library.terminate();
		throw error;
	}
}

function load(): PortAudioLibrary {
	// JACK's library would start a server of its own just to be asked for devices.
	process.env.JACK_NO_START_SERVER ??= '1';
	try {
		loaded ??= new PortAudioLibrary();
		return loaded;
	} catch (error) {
		throw new AudioError(
			'backend-missing',
			`${portAudioSoname} cannot be loaded (${(error as Error).message}): sudo apt install libportaudio2.`,
			{cause: error},
		);
	}
}

/** Reads until it is over, then gives the stream and PortAudio back. */
function read(library: PortAudioLibrary, stream: PortAudioStream, opened: Opened): Microphone {
	const {delivery, channels, channel} = opened;
	const nFrames = Math.round((blockMs * delivery.sampleRate) / 1000);
	const frames = new Int16Array(nFrames * channels);
	const readAll = async () => {
		while (!delivery.isOver) {
			const {overflowed, error} = await library.read(stream, frames, nFrames);
			if (overflowed) delivery.overruns++;
			if (error !== undefined) delivery.end(`stopped: PortAudio says "${error}"`);
			else delivery.give(toMono(frames.slice(), channels, channel));
		}
	};
	const ended = readAll();
	const giveBack = () =>
		inTurn(async () => {
			await library.close(stream);
			await library.terminate();
		});
	delivery.onRelease(async () => {
		const hasEnded = await Promise.race([ended.then(() => true), sleep(longestReadMs, false, {ref: false})]);
		if (hasEnded) return giveBack();
		// Its sound server was killed, and it may wait for ever; the server's successor can be heard all the same.
		leaveStuckThread();
		void ended.then(giveBack).catch(() => {});
	});
	return delivery;
}
