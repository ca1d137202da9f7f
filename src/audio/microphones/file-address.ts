import path from 'node:path';
import {AudioError} from '../audio-error.js';

/** A recording that plays the part of a microphone, as `file:PATH?name=value&…` says. */
export type FileAddress = {
	path: string;
	/** `rate=HZ`: the file is headerless 16-bit little-endian mono at this rate. Without it, it is a WAV file. */
	rawRate: number | undefined;
	/** `speed=N`: times the pace of speech, 1 without it; `speed=max`: as fast as it is taken. */
	speed: number;
	/** `from=MS`: wall clock, milliseconds since 1970, of its first sample; a process that opens it later hears what comes then. Without it: when the process first opens it. */
	fromWallMs: number | undefined;
	/** `gone=AT:FOR,…`: at second AT of the recording the device vanishes, for FOR seconds. What would be heard meanwhile is not heard. In order of time. */
	gone: {atSecond: number; seconds: number}[];
	/** `back=HZ`: the rate it has after it was gone. */
	backRate: number | undefined;
	/** `overrun=AT,…`: seconds of the recording at which 100 ms are lost, as if nobody had taken them in time. In order of time. */
	overruns: number[];
	/** `then=…`, after its last sample. `silence` (without it): zeros at the pace of speech, as in an empty room; `nothing`: open and mute; `gone`: vanished for good; `loop`: from the start again. */
	then: (typeof endings)[number];
};

const endings = ['silence', 'nothing', 'gone', 'loop'] as const;
const scheme = 'file:';
const seconds = String.raw`\d+(?:\.\d+)?`;
const shapes: Record<string, RegExp> = {
	rate: /^\d+$/,
	speed: new RegExp(`^(?:max|${seconds})$`),
	from: /^\d+$/,
	gone: new RegExp(`^${seconds}:${seconds}(?:,${seconds}:${seconds})*$`),
	back: /^\d+$/,
	overrun: new RegExp(`^${seconds}(?:,${seconds})*$`),
	// biome-ignore lint/suspicious/noThenProperty: the name of a parameter.
	then: new RegExp(`^(?:${endings.join('|')})$`),
};

/** Whether a device is meant to be a recording. */
export const isFileAddress = (device: string): boolean => device.startsWith(scheme);

/** Reads `file:PATH?…`. The path ends at its first question mark. Throws `AudioError`. */
export function parseFileAddress(device: string): FileAddress {
	const [file = '', query = ''] = splitAt(device.slice(scheme.length), '?');
	const values = new Map(new URLSearchParams(query));
	for (const [name, value] of values) {
		if (!shapes[name]?.test(value)) {
			throw new AudioError(
				'no-device',
				`A recording as a microphone cannot have ${name}=${value}: it takes rate, speed, from, gone, back, overrun and then, as in file:talk.wav?speed=2&gone=30:10.`,
			);
		}
	}
	const number = (name: string) => (values.has(name) ? Number(values.get(name)) : undefined);
	const list = (name: string) => values.get(name)?.split(',') ?? [];
	const gone = list('gone').map(part => part.split(':').map(Number));
	return {
		path: file,
		rawRate: number('rate'),
		speed: values.get('speed') === 'max' ? Number.POSITIVE_INFINITY : number('speed') || 1,
		fromWallMs: number('from'),
		gone: gone.map(([atSecond, forSeconds]) => ({atSecond: atSecond!, seconds: forSeconds!})),
		backRate: number('back'),
		overruns: list('overrun').map(Number),
		// biome-ignore lint/suspicious/noThenProperty: the name of a parameter.
		then: (values.get('then') ?? 'silence') as FileAddress['then'],
	};
}

/** `device`, where it is a recording with its path made absolute: who opens it may work in another folder. */
export function withAbsolutePath(device: string): string {
	if (!isFileAddress(device)) return device;
	const [file, query] = splitAt(device.slice(scheme.length), '?');
	return `${scheme}${path.resolve(file)}${query === '' ? '' : `?${query}`}`;
}

function splitAt(text: string, mark: string): [string, string] {
	const at = text.indexOf(mark);
	return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}
