import {z} from 'zod';
import type {MicrophoneBackend} from '../microphone.js';
import {openProgram, outputOf, type RecordingProgram} from './recording-program.js';

const debianPackage = 'pulseaudio-utils';

const program: RecordingProgram = {
	name: 'parec',
	debianPackage,
	args: ({id}, {sampleRate, channels}) => [
		...['--raw', '--format=s16le', `--rate=${sampleRate}`, `--channels=${channels}`, `--device=${id}`],
		...['--latency-msec=40', '--client-name=pi-caption', '--stream-name=pi-caption'],
	],
};

const info = z.object({default_source_name: z.string()});
const sources = z.array(
	z.object({
		name: z.string(),
		description: z.string(),
		sample_specification: z.string(),
		monitor_source: z.string().optional(),
	}),
);

/** `s16le 2ch 48000Hz` */
const specification = /(\d+)ch (\d+)Hz/;

/** PulseAudio, or PipeWire in its place, through `parec`. The server converts to any rate. */
export const parecBackend: MicrophoneBackend = {
	name: 'parec',

	async list() {
		const ask = async (...args: string[]) =>
			JSON.parse(await outputOf('pactl', debianPackage, ['-f', 'json', ...args]));
		const {default_source_name: defaultName} = info.parse(await ask('info'));
		return (
			sources
				.parse(await ask('list', 'sources'))
				// What loudspeakers play comes last: it is seldom what is meant.
				.sort((a, b) => Number(Boolean(a.monitor_source)) - Number(Boolean(b.monitor_source)))
				.map(({name, description, sample_specification}, index) => {
					const [, channels, nativeRate] = specification.exec(sample_specification) ?? [];
					return {
						number: index + 1,
						name: description,
						backend: 'parec',
						id: name,
						channels: Number(channels ?? 1),
						nativeRate: Number(nativeRate ?? 48_000),
						isDefault: name === defaultName,
						route: 'sound-server',
					};
				})
		);
	},

	open: (device, format, listener) => openProgram(program, device, format, listener),
};
