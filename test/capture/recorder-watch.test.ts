import assert from 'node:assert/strict';
import {test} from 'node:test';
import {RecorderWatch, type WatchedRecorder} from '../../src/capture/recorder-watch.js';

/** A watch that looks ten times a second, of a recorder that a test moves about. */
function watched() {
	const recorder = {isConnected: false, heardMs: 0, lostMs: undefined as number | undefined};
	const startedMs: number[] = [];
	let nowMs = 0;
	let endLast: () => void = () => {};
	const watch = new RecorderWatch(recorder as WatchedRecorder, () => {
		startedMs.push(nowMs);
		return new Promise(resolve => {
			endLast = resolve;
		});
	});
	return {
		recorder,
		startedMs,
		/** Lets `ms` pass; `each` is called before each look. */
		async pass(ms: number, each: () => void = () => {}) {
			for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
				nowMs += 100;
				each();
				watch.look(nowMs);
				await Promise.resolve();
			}
		},
		connect() {
			Object.assign(recorder, {isConnected: true, heardMs: nowMs, lostMs: undefined});
		},
		disconnect() {
			Object.assign(recorder, {isConnected: false, lostMs: nowMs});
		},
		/** The process that was started last ends. */
		end: () => endLast(),
		hear() {
			recorder.heardMs = nowMs;
		},
	};
}

test('a recorder that speaks is left alone', async () => {
	const {startedMs, pass, connect, hear} = watched();
	connect();
	await pass(60_000, hear);
	assert.deepEqual(startedMs, []);
});

test('a recorder that dies is replaced after 0.2 s, unless it comes back', async () => {
	const {startedMs, pass, connect, disconnect, hear} = watched();
	connect();
	await pass(1000, hear);
	disconnect();
	await pass(100);
	connect();
	await pass(1000, hear);
	disconnect();
	await pass(1000);
	assert.deepEqual(startedMs, [2300]);
});

test('a recorder that says nothing for 5 s, or never comes, is replaced', async () => {
	const silent = watched();
	silent.connect();
	await silent.pass(6000);
	assert.deepEqual(silent.startedMs, [5000]);
	const none = watched();
	await none.pass(6000);
	assert.deepEqual(none.startedMs, [5000]);
});

test('one that starts slowly is not started twice', async () => {
	const {startedMs, pass, connect, disconnect} = watched();
	connect();
	disconnect();
	await pass(20_000);
	assert.deepEqual(startedMs, [200]);
	await pass(20_000);
	assert.deepEqual(startedMs, [200, 20_200]);
});

test('recorders that die at once are started ever less often', async () => {
	const {startedMs, pass, connect, disconnect, end} = watched();
	connect();
	disconnect();
	await pass(120_000, end);
	const pauses = startedMs.slice(1).map((ms, i) => ms - startedMs[i]!);
	assert.deepEqual(pauses, [700, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('one that worked for a while is replaced as fast as the first', async () => {
	const {startedMs, pass, connect, disconnect, hear, end} = watched();
	connect();
	disconnect();
	await pass(30_000, end);
	connect();
	await pass(11_000, hear);
	disconnect();
	const nBefore = startedMs.length;
	await pass(1500, end);
	assert.deepEqual(startedMs.slice(nBefore), [41_200, 41_900]);
});
