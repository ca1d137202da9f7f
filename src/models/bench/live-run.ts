import {setTimeout} from 'node:timers/promises';
import type {DecodedPosition} from '../../engine/delayed-streams/decode-loop.js';
import type {EngineStream, StreamEvent} from '../../engine/engine.js';
import {collectGarbage} from '../../system/collect-garbage.js';
import {median} from './measure-stages.js';

/** What a run at the pace of speech showed. Milliseconds. */
export type LiveRun = {
	audioMs: number;
	/** Time that the model computed, and processor time of all cores. */
	computeMs: number;
	cpuMs: number;
	/** From the moment at which a frame had been spoken to the moment at which its token was there, without the model's own delay. */
	lagMs: {median: number; p95: number; largest: number};
	/** Audio that waited at the end and at most. */
	backlogMs: {end: number; largest: number};
	/** Positions that were decoded, in how many calls of the decoder, and how many of them were PAD. */
	positions: number;
	calls: number;
	paddings: number;
};

/** How the run goes. `padding`: the id of PAD. `samples` are heard again and again. `now` and `wait` keep the pace; tests bring their own. */
export type LiveRunOptions = {
	sampleRate: number;
	frameSamples: number;
	padding: number;
	samples: Float32Array;
	minutes: number;
	signal?: AbortSignal;
	now?: () => number;
	wait?: (ms: number) => Promise<unknown>;
	/** Called after every call of the model. */
	onProgress?: (run: {audioMs: number; computeMs: number; backlogMs: number}) => void;
};

/** Seconds of audio between two collections of garbage, as in the engine's worker. */
const collectSeconds = 15;

/** Where a stream reports. */
type CreateStream = (
	emit: (event: StreamEvent) => void,
	onPosition: (decoded: DecodedPosition) => void,
) => EngineStream;

/**
 * Lets a stream hear `minutes` of audio as they would be spoken: no sample before its time, none left out, however late it is. The run ends when they have been spoken, whatever
 * waits then. Blocks its thread during calls.
 */
export async function runLive(createStream: CreateStream, options: LiveRunOptions): Promise<LiveRun> {
	const {sampleRate, frameSamples, padding, samples, minutes, signal, onProgress} = options;
	const {now = () => performance.now(), wait = ms => setTimeout(ms)} = options;
	const frameMs = (frameSamples / sampleRate) * 1000;
	const totalSamples = Math.round(minutes * 60 * sampleRate);
	const lags: number[] = [];
	const run = {positions: 0, calls: 0, paddings: 0, computeMs: 0, largestBacklogMs: 0};
	let isNewCall = false;
	let startMs = now();
	const stream = createStream(
		() => {},
		({position, token}) => {
			// Position 0 hears nothing and comes with the stream.
			if (position === 0) return;
			if (isNewCall) run.calls++;
			isNewCall = false;
			run.positions++;
			if (token === padding) run.paddings++;
			// Position n hears frame n − 1.
			lags.push(now() - startMs - position * frameMs);
		},
	);

	let fed = 0;
	let collectedSamples = 0;
	const spokenSamples = () => Math.min(totalSamples, Math.floor(((now() - startMs) * sampleRate) / 1000));
	const backlogMs = () => ((spokenSamples() - stream.decodedSamples) / sampleRate) * 1000;
	// What waits, waits on the tape, as in a session: at most a second is in flight.
	const feed = () => {
		const until = Math.min(spokenSamples(), stream.decodedSamples + sampleRate);
		while (fed < until) {
			const at = fed % samples.length;
			const piece = samples.slice(at, Math.min(samples.length, at + until - fed));
			stream.feed(piece);
			fed += piece.length;
		}
	};
	const cpu = process.cpuUsage();
	startMs = now();
	while (!signal?.aborted) {
		feed();
		if (fed === totalSamples && backlogMs() < frameMs) break;
		const callMs = now();
		isNewCall = true;
		const isReady = await stream.decode();
		run.computeMs += now() - callMs;
		if (stream.decodedSamples - collectedSamples > collectSeconds * sampleRate) {
			collectedSamples = stream.decodedSamples;
			collectGarbage();
		}
		run.largestBacklogMs = Math.max(run.largestBacklogMs, backlogMs());
		onProgress?.({audioMs: (fed / sampleRate) * 1000, computeMs: run.computeMs, backlogMs: backlogMs()});
		if (now() - startMs >= minutes * 60_000) break;
		if (!isReady) await wait(Math.max(1, frameMs - ((now() - startMs) % frameMs)));
	}
	const {user, system} = process.cpuUsage(cpu);
	const sorted = lags.sort((a, b) => a - b);
	return {
		audioMs: (stream.decodedSamples / sampleRate) * 1000,
		computeMs: run.computeMs,
		cpuMs: (user + system) / 1000,
		lagMs: {
			median: lags.length > 0 ? median(sorted) : 0,
			p95: sorted[Math.floor(0.95 * sorted.length)] ?? 0,
			largest: sorted.at(-1) ?? 0,
		},
		backlogMs: {end: backlogMs(), largest: run.largestBacklogMs},
		positions: run.positions,
		calls: run.calls,
		paddings: run.paddings,
	};
}
