import type {AudioSource} from '../audio/audio-source.js';
import type {EngineOptions} from '../engine/client.js';
import {restartSentence} from '../engine/watchdog.js';
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
	const {rawRate} = recording;
	// Not cut short by an abort: ending a thread in the middle of native code ends the process.
	const engine = await host.startEngine(recording.engine);
	try {
		const {sampleRate} = engine;
		const opened = await beforeAbort(() => host.openAudio(recording.file, {sampleRate, rawRate}), signal);
		const ending = new AbortController();
		const onAbort = () => ending.abort();
		signal.addEventListener('abort', onAbort, {once: true});
		const source = recording.isPaced ? pacedSource(opened, wallPace(ending.signal)) : opened;
		const events = engine.captions(source, {signal: ending.signal})[Symbol.asyncIterator]();
		try {
			if (signal.aborted) throw new Interrupted();
			yield {type: 'opened', name: source.name};
			const warnings = unseenOf(source);
			yield* warnings();
			let restarts = 0;
			for (let next = await events.next(); !next.done; next = await events.next()) {
				yield* warnings();
				const event = next.value;
				if (event.type !== 'progress') {
					yield event;
					continue;
				}
				const progress = progressOf(event, source);
				if (event.restarts > restarts) yield {type: 'warning', sentence: restartSentence(progress.positionMs)};
				restarts = event.restarts;
				yield progress;
			}
			yield* warnings();
		} finally {
			signal.removeEventListener('abort', onAbort);
			// Where nobody wants more captions the engine still ends what it computes, for the same reason.
			ending.abort();
			while (!(await events.next()).done);
			await opened.close();
		}
	} finally {
		await engine.close();
	}
}

const progressOf = (
	{decodedSamples, computeMs}: {decodedSamples: number; computeMs: number},
	{sampleRate, estimatedSamples}: AudioSource,
): RecordingEvent & {type: 'progress'} => ({
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

/** What `open` gives, unless `signal` aborts first; what comes too late is closed. */
async function beforeAbort<T extends {close(): Promise<void>}>(
	open: () => Promise<T>,
	signal: AbortSignal,
): Promise<T> {
	if (signal.aborted) throw new Interrupted();
	let onAbort = () => {};
	const aborted = new Promise<never>((_resolve, reject) => {
		onAbort = () => reject(new Interrupted());
		signal.addEventListener('abort', onAbort, {once: true});
	});
	const opening = open();
	try {
		return await Promise.race([opening, aborted]);
	} catch (error) {
		opening.then(
			late => late.close(),
			() => {},
		);
		throw error;
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}
