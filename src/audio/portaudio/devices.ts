import {AudioError} from '../audio-error.js';
import {type BackendName, type MicrophoneDevice, type MicrophoneFormat, probedRates} from '../microphone.js';
import type {PortAudioDevice, PortAudioInput, PortAudioLibrary} from './library.js';
import {routeOf} from './route.js';

/** Those of PortAudio's devices that hear, as microphones. `isDefaultServer`: ALSA's `default` leads to a sound server. */
export function microphonesOf(
	devices: readonly Omit<PortAudioDevice, 'defaultHighInputLatency'>[],
	{backend, defaultInput, isDefaultServer}: {backend: BackendName; defaultInput: number; isDefaultServer: boolean},
): MicrophoneDevice[] {
	return devices
		.filter(({maxInputChannels}) => maxInputChannels > 0)
		.map(({id, name, hostApi, maxInputChannels, defaultSampleRate}, index) => ({
			number: index + 1,
			name,
			backend,
			id: String(id),
			channels: maxInputChannels,
			nativeRate: Math.round(defaultSampleRate),
			isDefault: id === defaultInput,
			route: routeOf(name, hostApi, isDefaultServer),
		}));
}

/** Asks each microphone for the rates that it takes. Opens each for a moment; `library` is initialized. */
export async function withProbedRates(
	library: PortAudioLibrary,
	microphones: readonly MicrophoneDevice[],
): Promise<MicrophoneDevice[]> {
	const probed: MicrophoneDevice[] = [];
	for (const microphone of microphones) {
		const rates: number[] = [];
		for (const sampleRate of probedRates) {
			const input: PortAudioInput = {id: Number(microphone.id), channels: 1, sampleRate, latencySeconds: 0.1};
			if (await library.takes(input)) rates.push(sampleRate);
		}
		probed.push({...microphone, rates});
	}
	return probed;
}

/** Checks that the number still means the device it meant when it was listed: numbers move when devices come and go. Throws `AudioError`. */
export function checkStillThere(device: MicrophoneDevice, devices: readonly {id: number; name: string}[]): void {
	if (devices.find(({id}) => String(id) === device.id)?.name === device.name) return;
	throw new AudioError('device-refused', `The microphone ${device.name} is gone.`);
}

/** Why PortAudio does not open a device, as an `AudioError`. */
export function refusal(device: MicrophoneDevice, {sampleRate}: MicrophoneFormat, error: Error): AudioError {
	return new AudioError(
		'device-refused',
		`The microphone ${device.name} does not open at ${sampleRate} Hz: PortAudio says "${error.message}".`,
		{cause: error},
	);
}
