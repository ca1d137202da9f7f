import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {open} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {after, test} from 'node:test';
import {openAudio} from '../../src/audio/open-audio.js';
import {beginTape, continueTape, createTape, repairTape} from '../../src/session/tape.js';
import {tapeExtent} from '../../src/session/tape-file.js';
import {tapeHeaderBytes, tapeOffset} from '../../src/session/tape-header.js';
import {readTape} from '../../src/session/tape-reader.js';
import {projectRoot} from '../project-root.js';
import {numbered} from './fake-disk.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-tape-'));
after(() => rmSync(folder, {recursive: true}));
let nTapes = 0;
const newFile = () => path.join(folder, `${++nTapes}.wav`);

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

async function read(source: {chunks(): AsyncIterable<{samples: Float32Array}>}): Promise<Int16Array> {
	const all: number[] = [];
	for await (const {samples} of source.chunks()) for (const sample of samples) all.push(sample * 2 ** 15);
	return Int16Array.from(all);
}

const samplesOf = (file: string) => {
	const body = readFileSync(file).subarray(tapeHeaderBytes);
	return new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length - (body.length % 2)));
};

const hasSox = spawnSync('sox', ['--version']).status === 0;

test('a finished tape is a WAV file like any other', async () => {
	const file = newFile();
	const tape = await createTape(file, 24_000);
	tape.append(numbered(0, 24_000));
	await tape.finish();
	const recording = await openAudio(file, {sampleRate: 24_000});
	assert.equal(recording.estimatedSamples, 24_000);
	assert.deepEqual(await read(recording), numbered(0, 24_000));
	assert.deepEqual(recording.warnings, []);
});

test('a tape is readable by its owner alone', async () => {
	const file = newFile();
	const tape = await createTape(file, 24_000);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	await tape.finish();
});

test('a tape is never written over', async () => {
	const file = newFile();
	await (await createTape(file, 24_000)).finish();
	await assert.rejects(createTape(file, 24_000), /is there already: a tape is never written over/);
	assert.equal((await tapeExtent(file)).nSamples, 0);
});

test('a tape begins without waiting for its file, and its samples wait for a folder that is not there yet', async () => {
	const late = path.join(folder, 'late');
	const file = path.join(late, 'audio.wav');
	const refused: unknown[] = [];
	const tape = beginTape(file, 24_000, {retryEveryMs: 1, onHealth: (_, error) => error && refused.push(error)});
	tape.append(numbered(0, 1000));
	const isNow = (health: string) => tape.health === health;
	while (!isNow('refused')) await new Promise(resolve => setImmediate(resolve));
	mkdirSync(late);
	while (!isNow('ok')) await new Promise(resolve => setTimeout(resolve, 1));
	tape.append(numbered(1000, 1000));
	await tape.finish();
	assert.deepEqual(
		refused.map(error => (error as NodeJS.ErrnoException).code),
		['ENOENT'],
	);
	assert.equal(tape.lostSamples, 0);
	assert.deepEqual(samplesOf(file), numbered(0, 2000));
});

test('what is no tape is refused with the reason', async () => {
	const file = newFile();
	writeFileSync(file, 'RIFF');
	await assert.rejects(repairTape(file), /has 4 bytes; a tape begins with 80/);
	writeFileSync(file, Buffer.alloc(200));
	await assert.rejects(readTape(file), /does not begin like a tape/);
	await assert.rejects(continueTape(path.join(folder, 'none.wav')), {code: 'ENOENT'});
});

test('a tape that broke off opens before and after its repair, half a sample at its end included', async () => {
	const file = newFile();
	const tape = await createTape(file, 16_000);
	tape.append(numbered(0, 1000));
	await tape.finish();
	const broken = newFile();
	const going = await createTape(broken, 16_000);
	writeFileSync(broken, Buffer.concat([readFileSync(broken), readFileSync(file).subarray(tapeHeaderBytes)]));
	truncateSync(broken, tapeOffset(999) + 1);
	await assert.doesNotReject(async () => assert.equal((await tapeExtent(broken)).nSamples, 999));
	assert.deepEqual(await read(await openAudio(broken, {sampleRate: 16_000})), numbered(0, 999));

	assert.deepEqual(await repairTape(broken), {sampleRate: 16_000, nSamples: 999});
	const repaired = await openAudio(broken, {sampleRate: 16_000});
	assert.deepEqual(await read(repaired), numbered(0, 999));
	assert.deepEqual(repaired.warnings, []);
	assert.equal(statSync(broken).size, tapeOffset(999) + 1);
	await going.finish();
});

test('a tape goes on where it broke off', async () => {
	const file = newFile();
	const tape = await createTape(file, 16_000);
	tape.append(numbered(0, 500));
	await tape.finish();
	truncateSync(file, tapeOffset(400) + 1);
	const second = await continueTape(file);
	assert.equal(second.sampleRate, 16_000);
	assert.equal(second.writtenSamples, 400);
	assert.equal(readFileSync(file).readUInt32LE(76), 0xffffffff);
	second.append(numbered(400, 600));
	await second.finish();
	assert.deepEqual(await read(await openAudio(file, {sampleRate: 16_000})), numbered(0, 1000));
});

test('past 4 GB a tape is RF64, and its last samples are read', async () => {
	const file = newFile();
	await (await createTape(file, 48_000)).finish();
	const nSamples = 2 ** 31 + 1000;
	const handle = await open(file, 'r+');
	await handle.write(Buffer.from(numbered(1, 500).buffer), 0, 1000, tapeOffset(nSamples - 500));
	await handle.close();
	assert.deepEqual(await repairTape(file), {sampleRate: 48_000, nSamples});

	const header = Buffer.alloc(tapeHeaderBytes);
	const reading = await open(file, 'r');
	await reading.read(header, 0, tapeHeaderBytes, 0);
	await reading.close();
	assert.equal(header.toString('latin1', 0, 16), 'RF64\xff\xff\xff\xffWAVEds64');
	assert.equal(header.readBigUInt64LE(28), BigInt(2 * nSamples));
	assert.equal(header.readBigUInt64LE(36), BigInt(nSamples));
	const recording = await openAudio(file, {sampleRate: 48_000});
	assert.equal(recording.estimatedSamples, nSamples);
	assert.deepEqual(recording.warnings, []);
	await recording.close();
	assert.deepEqual(await read(await readTape(file, {fromSample: nSamples - 500})), numbered(1, 500));
});

test('a reader follows a growing tape from any sample, and ends when it grows no more', async () => {
	const file = newFile();
	const tape = await createTape(file, 24_000);
	tape.append(numbered(0, 1000));
	let isGrowing = true;
	const reader = await readTape(file, {fromSample: 700, isGrowing: () => isGrowing});
	const starts: number[] = [];
	const heard: number[] = [];
	for await (const {samples, startSample} of reader.chunks()) {
		starts.push(startSample);
		for (const sample of samples) heard.push(sample * 2 ** 15);
		if (heard.length === 300) tape.append(numbered(1000, 50));
		if (heard.length === 350) {
			await tape.finish();
			isGrowing = false;
		}
	}
	assert.deepEqual(starts, [700, 1000]);
	assert.deepEqual(Int16Array.from(heard), numbered(700, 350));
});

test('a reader that waits for a tape to grow ends when it is aborted or closed', async () => {
	const file = newFile();
	const tape = await createTape(file, 24_000);
	const aborting = new AbortController();
	const aborted = read(await readTape(file, {isGrowing: () => true, signal: aborting.signal}));
	aborting.abort();
	assert.equal((await aborted).length, 0);
	const reader = await readTape(file, {isGrowing: () => true});
	const closed = read(reader);
	await reader.close();
	assert.equal((await closed).length, 0);
	await tape.finish();
});

test('a reader closes its file when it was left in the middle, or never begun', async () => {
	const file = newFile();
	const writer = await createTape(file, 24_000);
	writer.append(numbered(0, 100_000));
	await writer.finish();
	const isOpen = () =>
		readdirSync('/proc/self/fd').some(fd => {
			try {
				return readlinkSync(`/proc/self/fd/${fd}`) === file;
			} catch {
				return false;
			}
		});
	for (const leave of [
		async () => {},
		async (chunks: AsyncIterable<unknown>) => void chunks[Symbol.asyncIterator](),
		async (chunks: AsyncIterable<unknown>) => void (await chunks[Symbol.asyncIterator]().next()),
	]) {
		const source = await readTape(file);
		await leave(source.chunks());
		assert.ok(isOpen());
		await source.close();
		await source.close();
		assert.ok(!isOpen());
	}
});

test('a reader resamples, and counts from the beginning of the tape', async () => {
	const file = newFile();
	const tape = await createTape(file, 48_000);
	tape.append(new Int16Array(48_000));
	await tape.finish();
	const reader = await readTape(file, {fromSample: 12_000, sampleRate: 24_000});
	assert.equal(reader.estimatedSamples, 18_000);
	let end = 0;
	let first: number | undefined;
	for await (const {samples, startSample} of reader.chunks()) {
		first ??= startSample;
		end = startSample + samples.length;
	}
	assert.equal(first, 6000);
	assert.equal(end, 24_000);
});

test('a SIGKILL at any moment leaves a tape with all that was said to be synced', async t => {
	const seed = Number(process.env.SEED ?? Date.now() % 1e6);
	t.diagnostic(`SEED=${seed}`);
	const random = randomNumbers(seed);
	for (let kill = 0; kill < 5; kill++) {
		const file = newFile();
		const program = path.join(projectRoot, 'build', 'test', 'session', 'append-tape.js');
		const child = spawn(process.execPath, [program, file, String(1 + Math.floor(random() * 2000))], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const ended = once(child, 'exit');
		let wanted = 1 + Math.floor(random() * 10);
		let nSynced = 0;
		for await (const line of createInterface(child.stdout!)) {
			nSynced = Number(line);
			if (--wanted > 0) continue;
			// Anywhere between two syncs, in the middle of writes.
			if (wanted === 0) setTimeout(() => child.kill('SIGKILL'), random() * 8);
		}
		assert.equal((await ended)[1], 'SIGKILL');

		const onDisk = samplesOf(file);
		assert.ok(nSynced > 0 && onDisk.length >= nSynced, `${onDisk.length} of ${nSynced} synced samples`);
		assert.deepEqual(onDisk, numbered(0, onDisk.length));
		assert.deepEqual(await read(await openAudio(file, {sampleRate: 24_000})), onDisk);
		await repairTape(file);
		const repaired = await openAudio(file, {sampleRate: 24_000});
		assert.deepEqual(await read(repaired), onDisk);
		assert.deepEqual(repaired.warnings, []);
		if (hasSox) {
			const {stderr} = spawnSync('sox', [file, '-n', 'stat'], {encoding: 'utf8'});
			assert.match(stderr, new RegExp(`Samples read: +${onDisk.length}\\n`));
			assert.doesNotMatch(stderr, /WARN|FAIL/);
		}
	}
});

test('a reader ends at a gap as soon as it is known, says so with an empty chunk, and goes on behind it', async () => {
	const file = newFile();
	const tape = await createTape(file, 24_000);
	tape.append(numbered(0, 1000));
	const gaps: number[] = [600];
	let isGrowing = true;
	const reader = await readTape(file, {
		isGrowing: () => isGrowing,
		nextGap: sample => gaps.find(gap => gap > sample),
	});
	const chunks: [start: number, length: number, isAfterGap: boolean][] = [];
	for await (const {samples, startSample, isAfterGap = false} of reader.chunks()) {
		chunks.push([startSample, samples.length, isAfterGap]);
		// Known too late: it is said where the reader stands.
		if (startSample === 600 && samples.length > 0) gaps.push(900);
		if (startSample === 1000 && samples.length === 0) {
			tape.append(numbered(1000, 50));
			await tape.finish();
			isGrowing = false;
		}
	}
	assert.deepEqual(chunks, [
		[0, 600, false],
		[600, 0, true],
		[600, 400, false],
		[1000, 0, true],
		[1000, 50, false],
	]);
});
