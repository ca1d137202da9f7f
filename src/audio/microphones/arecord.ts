import {isAlsaDefaultServer} from '../../system/sound-server.js';
import type {MicrophoneBackend, MicrophoneDevice} from '../microphone.js';
import {openProgram, outputOf, type RecordingProgram} from './recording-program.js';

const debianPackage = 'alsa-utils';

const program: RecordingProgram = {
	name: 'arecord',
	debianPackage,
	args: ({id}, {sampleRate, channels}) => [
		...['-q', '-t', 'raw', '-f', 'S16_LE', '-r', String(sampleRate), '-c', String(channels), '-D', id],
		// Half a second for a process that is busy, a fiftieth at a time.
		...['--buffer-time', '500000', '--period-time', '20000'],
	],
	overrun: /\boverrun\b/,
	otherRate: /rate is not accurate/,
};

/** `card 1: Device [USB PnP Sound Device], device 0: USB Audio [USB Audio]` */
const cardLine = /^card (\d+): (\S+) \[(.*?)\], device (\d+): (?:.*) \[(.*?)\]$/gm;

/** ALSA through `arecord`, with conversion to any rate by ALSA's `plug`. */
export const arecordBackend: MicrophoneBackend = {
	name: 'arecord',

	async list() {
		const cards = [...(await outputOf('arecord', debianPackage, ['-l'])).matchAll(cardLine)];
		const isServer = await isAlsaDefaultServer();
		const common = {backend: 'arecord', nativeRate: 48_000, isDefault: false} as const;
		const devices: Omit<MicrophoneDevice, 'number'>[] = [];
		// Without a card and without a server `default` is only a word.
		if (cards.length > 0 || isServer || process.env.ALSA_CONFIG_PATH) {
			const route = isServer ? 'sound-server' : 'alsa';
			devices.push({...common, name: 'default', id: 'default', channels: 2, isDefault: true, route});
		}
		for (const [, number, card, cardName, device, deviceName] of cards) {
			// As PortAudio calls it, so that a name that was saved finds it through either.
			const name = `${cardName}: ${deviceName} (hw:${number},${device})`;
			devices.push({...common, name, id: `plughw:CARD=${card},DEV=${device}`, channels: 2, route: 'alsa'});
		}
		return devices.map((device, index) => ({...device, number: index + 1}));
	},

	open: (device, format, listener) => openProgram(program, device, format, listener),
};
