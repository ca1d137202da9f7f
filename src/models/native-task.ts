import type {TimedLayer} from './time-layers.js';

/** What a child process does with native code, so that this one survives it, and its memory goes with it. */
export type NativeTask =
	/** Writes a graph as it is optimised for this machine. */
	| {type: 'save-graph'; file: string; target: string; weightsName: string}
	/** Whether the package's own graphs and its prepared ones make the same of eight frames. */
	| {type: 'compare'; modelDir: string; preparedDir: string}
	/** Milliseconds that one layer takes in each scheme. */
	| {type: 'time-layers'; layers: TimedLayer[]; rows: number; threads: number}
	/** Runs the package at `modelDir` on eight frames. */
	| {type: 'try'; modelDir: string};

/** What each task answers. */
export type NativeAnswer = {
	'save-graph': null;
	compare: boolean;
	'time-layers': Record<string, number>;
	try: null;
};

/** The child's only line of standard output. */
export type NativeReply = {answer: unknown} | {failure: {code: string; message: string}};
