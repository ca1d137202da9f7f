import os from 'node:os';
import {endsAtLogout, type LingerOptions} from '../../system/linger.js';
import type {MicrophoneDevice} from '../microphone.js';
import {isFileAddress} from './file-address.js';
import {findDevice} from './find-device.js';
import {listMicrophonesApart} from './list-apart.js';

/** What to record from so that a logout ends nothing (design §2). */
export type LogoutAdvice = {
	/** The device to ask for; undefined leaves it to the system. */
	device: string | undefined;
	/** A sentence to say before recording, where the microphone would end at logout all the same. Names in it are untrusted. */
	warning: string | undefined;
};

/** `list` is for tests. */
export type LogoutOptions = LingerOptions & {list?: () => Promise<{devices: readonly MicrophoneDevice[]}>};

/**
 * Chooses a microphone where a logout would end the user's sound server: without a wish, a card of ALSA before what comes through the server. Who wishes a microphone of the
 * server, or has no other, is warned.
 */
export async function adviseForLogout(wanted: string | undefined, options: LogoutOptions = {}): Promise<LogoutAdvice> {
	const {list = listMicrophonesApart, user = os.userInfo().username} = options;
	if ((wanted !== undefined && isFileAddress(wanted)) || !endsAtLogout(options)) {
		return {device: wanted, warning: undefined};
	}
	const {devices} = await list().catch(() => ({devices: []}));
	const device = find(devices, wanted);
	if (device?.route === 'alsa') return {device: wanted, warning: undefined};
	// A name with its card's number is the card itself; what else ALSA has may lead anywhere.
	const card = devices.find(({route, name}) => route === 'alsa' && /\(hw:\d/.test(name));
	if (wanted === undefined && card) return {device: card.name, warning: undefined};
	const which = device ? `The microphone ${device.name}` : 'A microphone of the sound server';
	const warning = `${which} is lost when you log out everywhere, since linger is off for ${user} and the sound server ends: \`sudo loginctl enable-linger ${user}\` keeps it.`;
	return {device: wanted, warning};
}

function find(devices: readonly MicrophoneDevice[], wanted: string | undefined): MicrophoneDevice | undefined {
	try {
		return findDevice(devices, wanted);
	} catch {
		// It may be plugged in later.
		return undefined;
	}
}
