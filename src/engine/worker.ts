import {setTimeout} from 'node:timers/promises';
import {parentPort} from 'node:worker_threads';
import {collectGarbage} from '../system/collect-garbage.js';
import {type Engine, type EngineStream, loadEngine} from './engine.js';
import {EngineError, type FromEngine, type ToEngine} from './protocol.js';
import {type SlowDown, slowDownOf, slowDownVariable} from './slow-down.js';

// The worker never sees wall-clock time but for `computeMs`, which only measures.

const port = parentPort!;
const waiting: ToEngine[] = [];
let engine: Engine | undefined;
let stream: EngineStream | undefined;
/** Where on the tape the first chunk stands; undefined before it comes. */
let firstSample: number | undefined;
let isBusy = false;
let isClosing = false;
let computeMs = 0;
let slowDown: SlowDown | undefined;
let isLive = false;
/** A preview costs as much as the audio that it saves waiting for: worth it below this RTF. */
const previewRtf = 0.5;
/** Seconds of audio between two collections of garbage. */
const collectSeconds = 15;
let collectedSamples = 0;

port.on('message', (message: ToEngine) => {
	if (message.type === 'close') {
		isClosing = true;
		waiting.length = 0;
	}
	waiting.push(message);
	if (!isBusy) void work();
});

/** Handles messages in order, one at a time; audio that came meanwhile is taken in between two calls of the model, so that calls stay full. */
async function work(): Promise<void> {
	isBusy = true;
	try {
		while (waiting.length > 0) await handle(waiting.shift()!);
	} catch (error) {
		fail(error);
	}
	isBusy = false;
}

async function handle(message: ToEngine): Promise<void> {
	switch (message.type) {
		case 'load': {
			isLive = message.isLive;
			slowDown = slowDownOf(process.env[slowDownVariable]);
			engine = await loadEngine(message.modelDir, message);
			stream = engine.createStream(event => send(event));
			const {sampleRate, frameSamples, delayMs} = engine;
			send({type: 'ready', sampleRate, frameSamples, delayMs});
			break;
		}
		case 'audio':
			if (firstSample === undefined || message.isAfterGap) {
				firstSample ??= message.startSample;
				await measured(() => loaded().flush(message.startSample));
			}
			loaded().feed(message.samples);
			do {
				takeWaitingAudio();
			} while ((await measured(() => loaded().decode())) && !isClosing);
			if (isLive && waiting.length === 0 && isFast() && loaded().canPreview) {
				await measured(() => loaded().preview());
			}
			break;
		case 'finish':
			await measured(() => loaded().flush());
			send({type: 'finished'});
			break;
		case 'close':
			// Ended from outside in the middle of a call, the thread would take the process with it: native code cannot be interrupted.
			await engine?.close();
			port.close();
			break;
	}
}

function takeWaitingAudio(): void {
	for (let next = waiting[0]; next?.type === 'audio' && !next.isAfterGap; next = waiting[0]) {
		loaded().feed(next.samples);
		waiting.shift();
	}
}

async function measured<Result>(compute: () => Promise<Result>): Promise<Result> {
	const start = performance.now();
	const result = await compute();
	computeMs += performance.now() - start;
	const {decodedSamples} = loaded();
	if (engine && slowDown) {
		const waitMs = slowDown(audioMs(), computeMs);
		await setTimeout(waitMs);
		computeMs += waitMs;
	}
	if (engine && decodedSamples - collectedSamples > collectSeconds * engine.sampleRate) {
		collectedSamples = decodedSamples;
		collectGarbage();
	}
	send({type: 'progress', decodedSamples, computeMs, restarts: loaded().restarts});
	return result;
}

/** How much audio was decoded so far. */
const audioMs = () => ((loaded().decodedSamples - firstSample!) / engine!.sampleRate) * 1000;

const isFast = () => computeMs < previewRtf * audioMs();

function loaded(): EngineStream {
	if (!stream) throw new EngineError('failed', 'The engine was used before it was loaded.');
	return stream;
}

function fail(error: unknown): void {
	const code = error instanceof EngineError ? error.code : 'failed';
	const message = error instanceof Error ? error.message : String(error);
	send({type: 'failed', code, message});
}

function send(message: FromEngine): void {
	port.postMessage(message);
}
