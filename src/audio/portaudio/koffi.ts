import {isAlsaDefaultServer} from '../../system/sound-server.js';
import {AudioError} from '../audio-error.js';
import type {Microphone, MicrophoneBackend, MicrophoneDevice, MicrophoneFormat} from '../microphone.js';
import {Delivery} from '../microphones/delivery.js';
import {channelsToOpen, int16Of, toMono} from '../microphones/mono.js';
import {checkStillThere, microphonesOf, withProbedRates} from './devices.js';
import {PortAudioLibrary, type PortAudioStream, portAudioSoname} from './library.js';

const blockMs = 20;
/** What the device keeps while this process is busy elsewhere. More makes what is heard come late: drivers cut their buffer into a few periods. */
const latencySeconds = 0.3;

let loaded: PortAudioLibrary | undefined;

/** PortAudio through the system's `libportaudio2` and koffi, by blocking reads on another thread. */
export const koffiBackend: MicrophoneBackend = {
	name: 'koffi',

	async list({withRates = false} = {}) {
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
	},

	async open(device, format, listener) {
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
			return read(library, stream, {device, format, channels, delivery: new Delivery(device, listener)});
		} catch (error) {
			await library.terminate();
			throw error;
		}
	},
};

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

/** Why PortAudio does not open a device at a rate, as an `AudioError`. */
export function refusal(device: MicrophoneDevice, {sampleRate}: MicrophoneFormat, error: Error): AudioError {
	return new AudioError(
		'device-refused',
		`The microphone ${device.name} does not open at ${sampleRate} Hz: PortAudio says "${error.message}".`,
		{cause: error},
	);
}

type Reading = {device: MicrophoneDevice; format: MicrophoneFormat; channels: number; delivery: Delivery};

function read(library: PortAudioLibrary, stream: PortAudioStream, reading: Reading): Microphone {
	const {device, format, channels, delivery} = reading;
	const nFrames = Math.round((blockMs * format.sampleRate) / 1000);
	const frames = new Int16Array(nFrames * channels);
	const readAll = async () => {
		while (!delivery.isOver) {
			const {overflowed, error} = await library.read(stream, frames, nFrames);
			if (overflowed) delivery.overruns++;
			if (error !== undefined) delivery.end(`stopped: PortAudio says "${error}"`);
			else delivery.give(toMono(int16Of(new Uint8Array(frames.buffer)), channels, format.channel));
		}
		await library.close(stream);
		await library.terminate();
	};
	const closed = readAll();
	return {
		device,
		sampleRate: format.sampleRate,
		get overruns() {
			return delivery.overruns;
		},
		get nSamples() {
			return delivery.nSamples;
		},
		close() {
			delivery.close();
			return closed;
		},
	};
}
