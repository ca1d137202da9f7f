import type {AudioSource} from '../audio/audio-source.js';
import type {EngineOptions} from '../engine/client.js';
import type {Segment} from '../session/segment.js';
import type {Host} from './host.js';
import {pacedSource, wallPace} from './paced-source.js';

/** A recording and how to caption it. `isPaced`: as it would be spoken. */
export type Recording = {
	file: string;
	engine: EngineOptions;
	rawRate?: number;
	isPaced: boolean;
};

/** What happens while a recording is captioned. Texts are untrusted. `durationMs` is an estimate, undefined where the container does not tell. */
export type RecordingEvent =
	| {type: 'opened'; name: string}
	| {type: 'warning'; sentence: string}
	| {type: 'partial' | 'final'; segment: Segment}
	| {type: 'progress'; positionMs: number; durationMs: number | undefined; computeMs: number};

/** The signal came before there was anything to caption. */
export class Interrupted extends Error {
	override name = 'Interrupted';
}

/**
 * Captions a recording from its first sample to its last, or to where `host.signal` aborts: then the iteration ends after the last final of what was heard.
 * Throws `AudioError` and `EngineError` after the finals of what was heard before, and `Interrupted`.
 */
export async function* captionRecording(recording: Recording, host: Host): AsyncGenerator<RecordingEvent> {
	const {signal} = host;
	const engine = await beforeAbort(host.startEngine(recording.engine), signal);
	try {
		const {sampleRate} = engine;
		const {rawRate} = recording;
		const opened = await beforeAbort(host.openAudio(recording.file, {sampleRate, rawRate}), signal);
		try {
			const source = recording.isPaced ? pacedSource(opened, wallPace(signal)) : opened;
			yield {type: 'opened', name: source.name};
			const warnings = unseenOf(source);
			yield* warnings();
			for await (const event of engine.captions(source, {signal})) {
				yield* warnings();
				yield event.type === 'progress' ? progressOf(event, source) : event;
			}
			yield* warnings();
		} finally {
			await opened.close();
		}
	} finally {
		await engine.close();
	}
}

const progressOf = (
	{decodedSamples, computeMs}: {decodedSamples: number; computeMs: number},
	{sampleRate, estimatedSamples}: AudioSource,
): RecordingEvent => ({
	type: 'progress',
	positionMs: (decodedSamples * 1000) / sampleRate,
	durationMs: estimatedSamples === undefined ? undefined : (estimatedSamples * 1000) / sampleRate,
	computeMs,
});

/** Gives each warning once. */
function unseenOf(source: AudioSource): () => Generator<RecordingEvent> {
	let nSeen = 0;
	return function* () {
		for (; nSeen < source.warnings.length; nSeen++) yield {type: 'warning', sentence: source.warnings[nSeen]!};
	};
}

/** What `promise` gives, unless `signal` aborts first; what comes too late is closed. */
async function beforeAbort<T extends {close(): Promise<void>}>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	let onAbort = () => {};
	const aborted = new Promise<never>((_resolve, reject) => {
		onAbort = () => reject(new Interrupted());
		signal.addEventListener('abort', onAbort, {once: true});
		if (signal.aborted) onAbort();
	});
	try {
		return await Promise.race([promise, aborted]);
	} catch (error) {
		promise.then(
			late => late.close(),
			() => {},
		);
		throw error;
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}
