import {AudioError} from '../audio-error.js';
import type {MicrophoneDevice} from '../microphone.js';

/** What ALSA puts behind a card's name: the number that the card happens to have, another one after it was plugged in again. */
const cardNumber = / \(hw:\d+(?:,\d+)*\)$/;

/**
 * The device that `wanted` means: its number, its name, its name on another card number, or a part of its name that no other has; without `wanted` the one that the system would choose.
 * Throws `AudioError` with the code `no-device`.
 */
export function findDevice(devices: readonly MicrophoneDevice[], wanted: string | undefined): MicrophoneDevice {
	if (devices.length === 0) throw new AudioError('no-device', noDevices);
	if (wanted === undefined) return devices.find(({isDefault}) => isDefault) ?? devices[0]!;
	const part = wanted.toLowerCase();
	const found =
		only(devices.filter(({number}) => String(number) === wanted)) ??
		devices.find(({name}) => name === wanted) ??
		devices.find(({name}) => bareName(name) === bareName(wanted)) ??
		only(devices.filter(({name}) => name.toLowerCase().includes(part)));
	if (found) return found;
	const candidates = devices.filter(({name}) => name.toLowerCase().includes(part));
	const names = (candidates.length > 0 ? candidates : devices).map(({name}) => name).join(', ');
	throw new AudioError(
		'no-device',
		candidates.length > 0
			? `Several microphones are called "${wanted}": ${names}. Give more of the name.`
			: `There is no microphone "${wanted}"; there are: ${names}.`,
	);
}

/** What is said where nothing can be recorded from. */
export const noDevices = 'There is no microphone: plug one in, or see what `pi-caption devices` says.';

const bareName = (name: string) => name.replace(cardNumber, '');

const only = (devices: readonly MicrophoneDevice[]) => (devices.length === 1 ? devices[0] : undefined);
