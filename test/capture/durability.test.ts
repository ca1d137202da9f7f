import assert from 'node:assert/strict';
import {once} from 'node:events';
import {test} from 'node:test';
import {isMadeDurably, tracedPid, traceFileCalls, unsyncedMs} from '../../bench/file-calls.js';
import {captureProtocolVersion} from '../../src/capture/protocol.js';
import {captureCommand} from '../../src/capture/start-capture.js';
import {numbered} from '../session/fake-disk.js';
import {Home, TestRecorder} from './capture-process.js';

// The short version of `npm run prove -- durability`, which measures how long it takes.
test('every byte of the tape is synced after it was written, before capture says so, and so are new names', async t => {
	const place = new Home();
	t.after(() => place.remove());
	const device = place.recording('talk', numbered(1, 16_000), 'rate=8000&then=nothing');
	const options = {sessionFolder: place.session, device, minFreeMb: 0, recorderCommand: ['true']};
	const {child, calls} = traceFileCalls(captureCommand(options), place.env);
	const ended = once(child, 'exit');
	while (place.record === undefined) await new Promise(resolve => setTimeout(resolve, 20));
	const recorder = await TestRecorder.connect(place.record.socket, {
		type: 'hello',
		protocolVersion: captureProtocolVersion,
	});
	await recorder.until(({messages, status}) => messages.length > 1 && status.syncedSamples === 16_000);
	const syncedAtMs = Date.now();
	process.kill(tracedPid(child), 'SIGKILL');
	await ended;

	const all = await calls();
	const {tape} = place;
	assert.ok(isMadeDurably(all, tape));
	const writes = all.filter(({name, file}) => name === 'pwrite64' && file === tape);
	assert.equal(
		writes.reduce((sum, {result}) => sum + result, 0),
		2 * 16_000,
	);
	// None is without a sync that began after it, and the last of them ended before it was told.
	assert.ok(unsyncedMs(all, tape).every(Number.isFinite));
	const syncs = all.filter(({name, file}) => name === 'fdatasync' && file === tape);
	assert.ok(syncs.at(-1)!.endedMs <= syncedAtMs);
	// While it is recorded, not only at its end.
	assert.ok(syncs.length > 2, `${syncs.length} syncs`);
});
