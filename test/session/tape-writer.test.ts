import assert from 'node:assert/strict';
import {afterEach, beforeEach, mock, test} from 'node:test';
import {type LostSpan, TapeWriter} from '../../src/session/tape-writer.js';
import {FakeDisk, numbered, settle} from './fake-disk.js';

const sampleRate = 1000;

beforeEach(() => mock.timers.enable({apis: ['setTimeout', 'setInterval']}));
afterEach(() => mock.timers.reset());

/** A writer on a fake disk, with what it says. */
function begin(nSamples = 0) {
	const disk = new FakeDisk();
	const health: string[] = [];
	const lost: LostSpan[] = [];
	const synced: number[] = [];
	const writer = new TapeWriter(disk, sampleRate, nSamples, {
		onHealth: (now, error) => health.push(error ? `${now}: ${(error as Error).message}` : now),
		onLost: span => lost.push(span),
		onSynced: count => synced.push(count),
	});
	return {disk, writer, health, lost, synced};
}

/** Lets `ms` pass in steps, so that timers which calls start in between run too. */
async function pass(ms: number): Promise<void> {
	for (let passed = 0; passed < ms; passed += 100) {
		mock.timers.tick(100);
		await settle();
	}
}

test('the tape holds what was appended, however it was cut', async () => {
	for (const size of [1, 2, 3, 7, 500]) {
		const {disk, writer} = begin();
		for (let at = 0; at < 1000; at += size) writer.append(numbered(at, Math.min(size, 1000 - at)));
		await writer.finish();
		assert.deepEqual(disk.samples, numbered(0, 1000));
		assert.ok(disk.isClosed);
	}
});

test('samples are written as they arrive and synced within a second', async () => {
	const {disk, writer, synced} = begin();
	writer.append(numbered(0, 100));
	await settle();
	assert.equal(disk.samples.length, 100);
	await pass(500);
	assert.deepEqual(synced, [100]);
	writer.append(numbered(100, 50));
	await pass(500);
	assert.deepEqual(synced, [100, 150]);
	await writer.finish();
});

test('a stalled sync does not hold up writes, and is shown as slow after a second', async () => {
	const {disk, writer, health} = begin();
	disk.stall('sync');
	writer.append(numbered(0, 100));
	await pass(500);
	assert.deepEqual([...disk.underWay], ['sync']);
	writer.append(numbered(100, 100));
	await pass(900);
	assert.equal(disk.samples.length, 200);
	assert.deepEqual(health, []);
	await pass(200);
	assert.deepEqual(health, ['slow']);
	disk.resume('sync');
	await pass(600);
	assert.deepEqual(health, ['slow', 'ok']);
	assert.equal(writer.syncedSamples, 200);
	await writer.finish();
});

test('nothing is lost while the disk stalls for 30 s', async () => {
	const {disk, writer, lost} = begin();
	disk.stall('write');
	for (let second = 0; second < 30; second++) {
		writer.append(numbered(second * sampleRate, sampleRate));
		await pass(1000);
	}
	assert.equal(disk.samples.length, 0);
	assert.equal(writer.health, 'slow');
	disk.resume('write');
	await settle();
	assert.equal(writer.health, 'ok');
	assert.deepEqual(disk.samples, numbered(0, 30 * sampleRate));
	assert.deepEqual(lost, []);
	await writer.finish();
});

test('a full disk keeps the newest 60 s and says what was lost when it takes samples again', async () => {
	const {disk, writer, health, lost} = begin();
	writer.append(numbered(0, sampleRate));
	await settle();
	disk.refusal.write = new Error('ENOSPC');
	for (let second = 1; second <= 70; second++) {
		writer.append(numbered(second * sampleRate, sampleRate));
		await pass(1000);
	}
	assert.deepEqual(health, ['refused: ENOSPC']);
	assert.deepEqual(lost, []);
	delete disk.refusal.write;
	await pass(1000);
	assert.deepEqual(health, ['refused: ENOSPC', 'ok']);
	assert.deepEqual(lost, [{atSample: 1000, nSamples: 10_000}]);
	assert.equal(writer.lostSamples, 10_000);
	assert.deepEqual(disk.samples, Int16Array.from([...numbered(0, 1000), ...numbered(11_000, 60_000)]));
	await writer.finish();
});

test('what is lost during a stalled write is lost behind it', async () => {
	const {disk, writer, lost} = begin();
	disk.stall('write');
	writer.append(numbered(0, 1000));
	await settle();
	for (let second = 1; second <= 62; second++) writer.append(numbered(second * 1000, 1000));
	disk.resume('write');
	await settle();
	assert.deepEqual(lost, [{atSample: 1000, nSamples: 3000}]);
	assert.deepEqual(disk.samples, Int16Array.from([...numbered(0, 1000), ...numbered(4000, 59_000)]));
	await writer.finish();
});

test('what is lost before and behind a refused write becomes one span', async () => {
	const {disk, writer, lost} = begin();
	disk.refusal.write = new Error('ENOSPC');
	disk.stall('write');
	writer.append(numbered(0, 1000));
	await settle();
	for (let second = 1; second <= 60; second++) writer.append(numbered(second * 1000, 1000));
	disk.resume('write');
	await settle();
	writer.append(numbered(61_000, 1000));
	delete disk.refusal.write;
	await pass(1000);
	assert.deepEqual(lost, [{atSample: 0, nSamples: 2000}]);
	assert.deepEqual(disk.samples, numbered(2000, 60_000));
	await writer.finish();
});

test('a write that takes a part goes on behind its last whole sample', async () => {
	const {disk, writer} = begin();
	disk.maxWriteBytes = 33;
	writer.append(numbered(0, 300));
	await settle();
	await settle();
	disk.maxWriteBytes = 1000;
	await writer.finish();
	assert.deepEqual(disk.samples, numbered(0, 300));
});

test('what a failed sync may have dropped is written again before the next one', async () => {
	const {disk, writer, health, synced} = begin();
	writer.append(numbered(0, 100));
	disk.refusal.sync = new Error('EIO');
	await pass(500);
	assert.deepEqual(health, ['refused: EIO']);
	disk.bytes.fill(0);
	delete disk.refusal.sync;
	writer.append(numbered(100, 100));
	await pass(2000);
	assert.deepEqual(disk.samples, numbered(0, 200));
	assert.deepEqual(synced, [200]);
	assert.deepEqual(health, ['refused: EIO', 'ok']);
	await writer.finish();
});

test('a disk that refuses until the end loses what it did not take, and says so', async () => {
	const {disk, writer, lost} = begin();
	writer.append(numbered(0, 100));
	await settle();
	disk.refusal.write = new Error('ENOSPC');
	writer.append(numbered(100, 100));
	await assert.rejects(writer.finish(), /ENOSPC/);
	assert.deepEqual(lost, [{atSample: 100, nSamples: 100}]);
	assert.ok(disk.isClosed);
});

test('a finished tape takes no more samples', async () => {
	const {writer} = begin();
	await writer.finish();
	assert.throws(() => writer.append(numbered(0, 1)), /finished/);
});

test('samples that wait for the disk can be read from memory at their place on the tape', async () => {
	const {disk, writer} = begin();
	writer.append(numbered(0, 100));
	await settle();
	disk.refusal.write = new Error('no space is left');
	for (let at = 100; at < 300; at += 50) writer.append(numbered(at, 50));
	await settle();
	assert.deepEqual(writer.unwritten(100, 1000), numbered(100, 200));
	for (const limit of [1, 7, 50, 73]) {
		for (let at = 100; at < 300; at += limit) {
			assert.deepEqual(writer.unwritten(at, limit), numbered(at, Math.min(limit, 300 - at)));
		}
	}
	assert.equal(writer.unwritten(99, 10).length, 0);
	assert.equal(writer.unwritten(300, 10).length, 0);
	disk.refusal.write = undefined;
	await writer.finish();
	assert.deepEqual(disk.samples, numbered(0, 300));
});

test('nothing that waits is given up while the disk takes everything, whatever the pieces', async () => {
	const {disk, writer, lost} = begin();
	const heard = 70 * sampleRate;
	// No sync for a minute: what is written is held all that time.
	for (let at = 0; at < heard; ) {
		const size = at % 3 === 0 ? 331 : 17;
		writer.append(numbered(at, Math.min(size, heard - at)));
		at += size;
		if (at % 5 === 0) await settle();
	}
	await writer.finish();
	assert.deepEqual(lost, []);
	assert.deepEqual(disk.samples, numbered(0, heard));
});
