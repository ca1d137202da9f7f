import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AudioSource} from '../../src/audio/audio-source.js';
import type {CaptionEvent, EngineClient} from '../../src/engine/client.js';
import {Captioning} from '../../src/recorder/captioning.js';

const tape: AudioSource = {
	name: 'tape',
	sampleRate: 16_000,
	estimatedSamples: undefined,
	warnings: [],
	async *chunks() {},
	async close() {},
};
const final = (segmentId: number): CaptionEvent => ({
	type: 'final',
	segment: {segmentId, text: 'x', startMs: 0, endMs: 1, words: []},
});

/** An engine that says `events` and then fails, or ends where there is no `failure`. */
const engine = (events: CaptionEvent[], failure?: Error): EngineClient => ({
	sampleRate: 16_000,
	delayMs: 500,
	async *captions() {
		yield* events;
		if (failure) throw failure;
	},
	async close() {},
});

/** Captions with one engine after the other; an `Error` is one that cannot be loaded. */
function captioning(engines: (EngineClient | Error)[], isGrowing: () => boolean) {
	const said: string[] = [];
	const captions = new Captioning({
		engine: {modelDir: ''},
		async startEngine() {
			const next = engines.shift()!;
			if (next instanceof Error) throw next;
			return next;
		},
		openTape: async () => tape,
		isGrowing,
		onState: (state, problem) => said.push(problem === undefined ? state : `${state}: ${problem}`),
		onBegin: () => {},
		onEvent: event => said.push(event.type === 'final' ? `final ${event.segment.segmentId}` : event.type),
	});
	return {said, captions};
}

test('an engine that dies is started again, and the captions go on', async () => {
	const {said, captions} = captioning([engine([final(0)], new Error('It died.')), engine([final(1)])], () => true);
	assert.equal(await captions.done, true);
	assert.deepEqual(said, ['loading', 'running', 'final 0', 'failed: It died.', 'loading', 'running', 'final 1']);
});

test('an engine that cannot be loaded is tried again', async () => {
	const {said, captions} = captioning([new Error('No memory.'), engine([final(0)])], () => true);
	assert.equal(await captions.done, true);
	assert.deepEqual(said, ['loading', 'failed: No memory.', 'loading', 'running', 'final 0']);
});

test('when nothing more is recorded, a model that fails again and again is given up', async () => {
	const broken = () => new Error('It is damaged.');
	const {said, captions} = captioning([broken(), broken(), broken(), engine([])], () => false);
	assert.equal(await captions.done, false);
	assert.equal(said.filter(one => one.startsWith('failed')).length, 3);
});

test('one that makes finals between its failures is not given up', async () => {
	const engines = Array.from({length: 5}, (_, i) => engine([final(i)], new Error('It died.')));
	const {captions} = captioning([...engines, engine([])], () => false);
	assert.equal(await captions.done, true);
});

test('aborting ends the wait for another attempt', async () => {
	const {captions} = captioning([new Error('a'), new Error('b'), engine([])], () => true);
	captions.abort();
	assert.equal(await captions.done, true);
});
