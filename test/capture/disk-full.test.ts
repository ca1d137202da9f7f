import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {rmSync, statfsSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {describe, type TestContext, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {projectRoot} from '../project-root.js';
import {numbered} from '../session/fake-disk.js';
import {Home, stop} from './capture-process.js';

/** A disk that a test fills and frees. */
type SmallDisk = {fill(): void; free(): void};

/** A tmpfs of 16 MB under the session, filled but for some seconds of tape; undefined where mounting is refused. */
function mounted(t: TestContext, place: Home): SmallDisk | undefined {
	const {status} = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', place.session]);
	if (status !== 0) return undefined;
	t.after(() => spawnSync('umount', ['-l', place.session]));
	const filler = path.join(place.session, 'filler');
	return {
		fill() {
			const {bavail, bsize} = statfsSync(place.session);
			writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 200_000)));
		},
		free: () => rmSync(filler),
	};
}

/** Writes of the process itself are refused. */
function pretended(place: Home): SmallDisk {
	const flag = path.join(place.folder, 'full');
	const preload = pathToFileURL(path.join(projectRoot, 'build', 'test', 'capture', 'full-disk.js')).href;
	Object.assign(place.env, {NODE_OPTIONS: `--import=${preload}`, FULL_DISK: flag});
	return {fill: () => writeFileSync(flag, ''), free: () => rmSync(flag)};
}

/** Every sample's number is its place among all that were heard. */
async function fillsAndEmpties(t: TestContext, place: Home, disk: SmallDisk): Promise<void> {
	const device = place.recording('talk', numbered(0, 65_536), 'rate=8000&speed=60&then=loop');
	const capture = place.start(device);
	const recorder = await place.connect(capture);
	await recorder.until(({status}) => status.writtenSamples > 0);
	disk.fill();
	await recorder.until(({status}) => status.disk === 'refused');
	assert.equal(
		recorder.status.problem,
		'The disk does not take the recording (no space is left): the newest minute is kept in memory.',
	);

	// What the tape does not take is read from memory, in order, before and after the oldest of it is given up.
	const replies = () => recorder.messages.flatMap(message => (message.type === 'held' ? [message] : []));
	const numbersOf = (base64: string) => {
		const bytes = Buffer.from(base64, 'base64');
		return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
	};
	let next = recorder.status.writtenSamples;
	let nGivenUp = 0;
	for (let nReplies = 1; nGivenUp === 0 || nReplies < 20; nReplies++) {
		recorder.send({type: 'held', fromSample: next});
		await recorder.until(() => replies().length === nReplies);
		const {fromSample, lostSamples, samples} = replies().at(-1)!;
		assert.ok(fromSample >= next);
		assert.deepEqual(numbersOf(samples), numbered(fromSample, numbersOf(samples).length));
		nGivenUp = lostSamples;
		next = fromSample + numbersOf(samples).length;
		if (numbersOf(samples).length === 0) {
			const {heldSamples} = recorder.status;
			await recorder.until(({status}) => status.heldSamples > heldSamples || status.lostSamples > nGivenUp);
		}
	}

	disk.free();
	await recorder.until(({status}) => status.disk === 'ok');
	const {writtenSamples} = recorder.status;
	await recorder.until(({status}) => status.writtenSamples > writtenSamples);
	await stop(capture, recorder);
	const {lostSamples} = recorder.status;
	const gaps = recorder.events.flatMap(event => (event.type === 'gap' ? [event] : []));
	assert.ok(gaps.length > 0 && gaps.every(({why}) => why === 'disk'));
	// Mostly one; what comes while the first of the backlog leaves may find no room either.
	const {samples} = place;
	let at = 0;
	let nLost = 0;
	for (const {atSample, lostMs} of [...gaps, {atSample: samples.length, lostMs: 0}]) {
		assert.deepEqual(samples.subarray(at, atSample), numbered(at + nLost, atSample - at));
		at = atSample;
		nLost += lostMs * 8;
	}
	assert.equal(nLost, lostSamples);
	t.diagnostic(`${gaps[0]!.atSample} samples before, ${lostSamples} lost, ${samples.length - gaps[0]!.atSample} after`);
}

// Some at a time, since each waits for real processes.
describe('a disk that takes nothing', {concurrency: 4}, () => {
	test('a full disk costs what is older than a minute in memory, and writing goes on when it has space', async t => {
		const place = new Home();
		const disk = mounted(t, place) ?? pretended(place);
		t.after(() => place.remove());
		await fillsAndEmpties(t, place, disk);
	});

	test('a disk that refuses every write does too', async t => {
		const place = new Home();
		t.after(() => place.remove());
		await fillsAndEmpties(t, place, pretended(place));
	});

	test('a disk that is full before the recording begins is waited for', async t => {
		const place = new Home();
		t.after(() => place.remove());
		const disk = pretended(place);
		disk.fill();
		const capture = place.start(place.recording('talk', numbered(1, 4000), 'rate=8000&then=nothing'));
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.disk === 'refused' && status.heldSamples === 4000);
		disk.free();
		await recorder.until(({status}) => status.disk === 'ok' && status.writtenSamples === 4000);
		await stop(capture, recorder);
		assert.deepEqual(place.samples, numbered(1, 4000));
	});
});
