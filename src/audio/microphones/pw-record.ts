import {z} from 'zod';
import {AudioError} from '../audio-error.js';
import type {MicrophoneBackend, MicrophoneDevice} from '../microphone.js';
import {openProgram, outputOf, type RecordingProgram} from './recording-program.js';

const debianPackage = 'pipewire-bin';

const program: RecordingProgram = {
	name: 'pw-record',
	debianPackage,
	args: ({id}, {sampleRate, channels}) => {
		const {node, isSink} = JSON.parse(id) as Target;
		return [
			...['--format=s16', `--rate=${sampleRate}`, `--channels=${channels}`, '--latency=40ms', `--target=${node}`],
			...(isSink ? ['--properties={ stream.capture.sink=true }'] : []),
			...rawOption,
			'-',
		];
	},
};

/** PipeWire's name of a node, and whether it is what loudspeakers play. */
type Target = {node: string; isSink: boolean};

/** Versions from 1.2 on write a container to standard output unless they are told not to; earlier ones know no other way. */
let rawOption: string[] = [];

const nodes = z.array(
	z.object({
		type: z.string(),
		info: z
			.object({
				props: z.object({
					'media.class': z.string().optional(),
					'node.name': z.string().optional(),
					'node.description': z.string().optional(),
					'audio.channels': z.number().optional(),
				}),
			})
			.nullish(),
		metadata: z.array(z.object({key: z.string(), value: z.unknown()})).optional(),
	}),
);
const named = z.object({name: z.string()});

/** PipeWire through `pw-record`, which converts to any rate. */
export const pwRecordBackend: MicrophoneBackend = {
	name: 'pw-record',

	async list() {
		const help = await outputOf('pw-record', debianPackage, ['--help']);
		rawOption = /--raw\b/.test(help) ? ['--raw'] : [];
		const objects = nodes.parse(JSON.parse(await outputOf('pw-dump', debianPackage, [])));
		const metadata = objects.flatMap(object => object.metadata ?? []);
		const chosen = named.safeParse(metadata.find(({key}) => key === 'default.audio.source')?.value);
		const found = objects.flatMap(({info}) => {
			const {'media.class': mediaClass = '', 'node.name': node, ...props} = info?.props ?? {};
			const isSink = mediaClass === 'Audio/Sink';
			if (node === undefined || !(isSink || /^Audio\/(?:Source|Duplex)/.test(mediaClass))) return [];
			const description = props['node.description'] ?? node;
			return [
				{node, isSink, name: isSink ? `Monitor of ${description}` : description, channels: props['audio.channels']},
			];
		});
		if (found.length === 0) throw new AudioError('backend-missing', 'PipeWire runs and has no microphone.');
		return (
			found
				// What loudspeakers play comes last: it is seldom what is meant.
				.sort((a, b) => Number(a.isSink) - Number(b.isSink))
				.map(
					({node, isSink, name, channels = 2}, index): MicrophoneDevice => ({
						number: index + 1,
						name,
						backend: 'pw-record',
						id: JSON.stringify({node, isSink} satisfies Target),
						channels,
						nativeRate: 48_000,
						isDefault: chosen.success && chosen.data.name === node,
						route: 'sound-server',
					}),
				)
		);
	},

	open: (device, format, listener) => openProgram(program, device, format, listener),
};
