import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {describe, type TestContext, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import type {CaptureEvent} from '../../src/capture/protocol.js';
import {isRunning} from '../../src/system/process-identity.js';
import {numbered} from '../session/fake-disk.js';
import {Home, stop} from './capture-process.js';

function home(t: TestContext): Home {
	const made = new Home();
	t.after(() => made.remove());
	return made;
}

/** Types and reasons of events, in order. */
const summary = (events: readonly CaptureEvent[]) =>
	events.map(event => ('why' in event ? `${event.type} ${event.why}` : event.type));

const gapsOf = (events: readonly CaptureEvent[]) => events.flatMap(event => (event.type === 'gap' ? [event] : []));

/** Where the numbers of a tape of numbered samples jump: the sample there, and the number that follows. */
function jumps(samples: Int16Array): {atSample: number; number: number}[] {
	const found: {atSample: number; number: number}[] = [];
	for (let i = 1; i < samples.length; i++) {
		if (samples[i] !== ((samples[i - 1]! + 1) << 16) >> 16) found.push({atSample: i, number: samples[i]! & 0xffff});
	}
	return found;
}

const hasSox = spawnSync('sox', ['--version']).status === 0;

function assertOpensInSox(file: string, nSamples: number): void {
	if (!hasSox) return;
	const {stderr} = spawnSync('sox', [file, '-n', 'stat'], {encoding: 'utf8'});
	assert.match(stderr, new RegExp(`Samples read: +${nSamples}\\n`));
	assert.doesNotMatch(stderr, /WARN|FAIL/);
}

// Some at a time, since each waits for real processes.
describe('a capture process', {concurrency: 4}, () => {
	test('the tape holds every sample that the device gave, and capture tells its recorder all about it', async t => {
		const place = home(t);
		const heard = numbered(1, 60_000);
		const capture = place.start(place.recording('talk', heard, 'rate=24000&speed=max&then=nothing'));
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples === 60_000 && status.syncedSamples === 60_000);
		assert.deepEqual(recorder.messages[0], {
			type: 'hello',
			protocolVersion: 1,
			pid: capture.pid,
			sessionFolder: place.session,
		});
		const {state, tapeRate, overruns, disk, heldSamples, lostSamples, device} = recorder.status;
		assert.deepEqual(
			{state, tapeRate, overruns, disk, heldSamples, lostSamples, rate: device?.sampleRate},
			{state: 'recording', tapeRate: 24_000, overruns: 0, disk: 'ok', heldSamples: 0, lostSamples: 0, rate: 24_000},
		);
		await stop(capture, recorder);
		assert.deepEqual(recorder.messages.at(-1), {type: 'ended', nSamples: 60_000});
		assert.deepEqual(summary(recorder.events), ['device']);
		assert.deepEqual(place.samples, heard);
		assertOpensInSox(place.tape, 60_000);
		assert.equal(capture.exitCode, 0);
		assert.equal(place.record, undefined);
		assert.deepEqual(readdirSync(place.runFolder), []);
		assert.deepEqual(readdirSync(place.session), ['audio.wav']);
	});

	test('a pause closes the device and leaves a gap, and the samples go on behind it', async t => {
		const place = home(t);
		const capture = place.start(place.recording('talk', numbered(0, 64_000), 'rate=8000&then=nothing'));
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples > 2000);
		recorder.send({type: 'pause'});
		await recorder.until(({status}) => status.state === 'paused' && status.device === undefined);
		const {writtenSamples} = recorder.status;
		await recorder.until(({messages}) => messages.slice(-3).every(({type}) => type === 'status'));
		assert.equal(recorder.status.writtenSamples, writtenSamples);
		recorder.send({type: 'resume'});
		await recorder.until(({status}) => status.writtenSamples > writtenSamples + 2000);
		await stop(capture, recorder);

		assert.deepEqual(summary(recorder.events), ['device', 'gap-began paused', 'gap paused']);
		const [, began, gap] = recorder.events;
		const [jump, ...others] = jumps(place.samples);
		assert.deepEqual(others, []);
		assert.equal(jump!.atSample, writtenSamples);
		assert.equal(began!.atSample, writtenSamples);
		assert.equal(gap!.atSample, writtenSamples);
		assert.equal(gap!.wallMs, began!.wallMs);
		assert.ok(gapsOf(recorder.events)[0]!.lostMs > 0);
	});

	test('a device that goes and comes back at another rate is heard at the rate of the tape', async t => {
		const place = home(t);
		const tone = Int16Array.from({length: 16_000}, (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * i) / 16_000));
		const capture = place.start(place.recording('talk', tone, 'rate=16000&gone=0.5:0.1&back=48000&then=nothing'));
		const recorder = await place.connect(capture);
		// Half a second before it went and 0.4 s after, less what was said until it was opened again.
		await recorder.until(({status}) => status.device?.sampleRate === 48_000 && status.writtenSamples > 9600);
		const {tapeRate} = recorder.status;
		await stop(capture, recorder);
		assert.equal(tapeRate, 16_000);
		assert.deepEqual(summary(recorder.events), ['device', 'gap-began device', 'device', 'gap device']);
		assert.deepEqual(
			recorder.events.map(({atSample}) => atSample),
			[0, 8000, 8000, 8000],
		);
		const {samples} = place;
		assert.deepEqual(samples.subarray(0, 8000), tone.subarray(0, 8000));
		// The tone again, at its pitch: crossings of zero in a tenth of a second.
		const again = samples.subarray(8200, 9800);
		let crossings = 0;
		for (let i = 1; i < again.length; i++) if (again[i - 1]! < 0 !== again[i]! < 0) crossings++;
		assert.ok(Math.abs(crossings - 88) <= 2, `${crossings} crossings`);
	});

	test('a capture that is killed is followed by one that goes on with its tape, and the gap is told', async t => {
		const place = home(t);
		const from = Date.now();
		const device = place.recording('talk', numbered(0, 80_000), `rate=8000&from=${from}&then=silence`);
		const first = place.start(device);
		const firstRecorder = await place.connect(first);
		await firstRecorder.until(({status}) => status.writtenSamples > 4000);
		first.kill('SIGKILL');
		await once(first, 'exit');
		const heardMs = Date.now() - from;
		const kept = place.samples.length;
		const killedStatus = firstRecorder.status;
		assert.ok(kept >= killedStatus.writtenSamples);
		assert.ok(isRunning(place.record!.process) === false);

		const second = place.start(device);
		const recorder = await place.connect(second);
		await recorder.until(({status}) => status.writtenSamples > kept + 2000);
		assert.deepEqual(
			readdirSync(place.runFolder).filter(name => name.endsWith('.sock')),
			[path.basename(place.record!.socket)],
		);
		await stop(second, recorder);
		const [gap] = gapsOf(recorder.events);
		assert.deepEqual(summary(recorder.events), ['gap-began capture', 'device', 'gap capture']);
		assert.equal(gap!.atSample, kept);
		const [jump, ...others] = jumps(place.samples);
		assert.deepEqual([jump!.atSample, others], [kept, []]);
		// Sample n was heard n/8 ms after the start: no more than a second of what was heard is missing before the kill.
		const missingMs = heardMs - (place.samples[0]! + kept) / 8;
		assert.ok(missingMs <= 1000, `${missingMs} ms are missing`);
		assertOpensInSox(place.tape, place.samples.length);
	});

	test('the time that a dead capture is missing counts from its last write, or from what is known better', async t => {
		const place = home(t);
		const device = place.recording('talk', numbered(1, 4000), 'rate=8000&speed=max&then=nothing');
		const first = place.start(device);
		const firstRecorder = await place.connect(first);
		await firstRecorder.until(({status}) => status.writtenSamples === 4000);
		await stop(first, firstRecorder);
		const hourAgo = Date.now() - 3_600_000;
		const lostMs: number[] = [];
		for (const args of [['--why=recovery'], ['--why=recovery', `--since=${hourAgo + 1_800_000}`]]) {
			utimesSync(place.tape, new Date(hourAgo), new Date(hourAgo));
			const again = place.start(device, ...args);
			const recorder = await place.connect(again);
			await recorder.until(({events}) => gapsOf(events).length === 1);
			await stop(again, recorder);
			assert.deepEqual(summary(recorder.events), ['gap-began recovery', 'device', 'gap recovery']);
			lostMs.push(gapsOf(recorder.events)[0]!.lostMs);
		}
		assert.deepEqual(
			lostMs.map(ms => Math.round(ms / 600_000)),
			[6, 3],
		);
	});

	test('a second capture is refused with a sentence, and the first records on', async t => {
		const place = home(t);
		const device = place.recording('talk', numbered(0, 8000), 'rate=8000');
		const first = place.start(device);
		const {process: identity} = await place.recordOf(first);
		const second = place.start(device);
		assert.deepEqual(await once(second, 'exit'), [1, null]);
		assert.match(
			readFileSync(place.log, 'utf8'),
			/^A recording goes on already \(process \d+, .*\): one microphone is recorded at a time\.\n$/,
		);
		assert.deepEqual(place.record?.process, identity);
		assert.deepEqual(readdirSync(place.runFolder).sort(), [path.basename(place.record!.socket), 'capture.json'].sort());
		const recorder = await place.connect(first);
		const {writtenSamples} = recorder.status;
		await recorder.until(({status}) => status.writtenSamples > writtenSamples);
		await stop(first, recorder);
	});

	test('of captures that begin at once one records', async t => {
		const place = home(t);
		const device = place.recording('talk', numbered(0, 8000), 'rate=8000');
		const captures = [1, 2, 3].map(() => place.start(device));
		const ended = captures.map(capture => once(capture, 'exit'));
		await Promise.race(captures.map(capture => place.recordOf(capture)));
		await Promise.any([0, 1, 2].map(left => Promise.all(ended.filter((_, i) => i !== left))));
		const winners = captures.filter(({exitCode}) => exitCode === null);
		assert.equal(winners.length, 1);
		assert.equal(place.record?.process.pid, winners[0]!.pid);
	});

	test('a stale record with a number that another process has now does not stop a capture', async t => {
		const place = home(t);
		const first = place.start(place.recording('talk', numbered(0, 8000), 'rate=8000'));
		const record = await place.recordOf(first);
		first.kill('SIGKILL');
		await once(first, 'exit');
		// The number of this very process, which began at another time.
		const stale = {...record, process: {...record.process, pid: process.pid}};
		writeFileSync(path.join(place.runFolder, 'capture.json'), JSON.stringify(stale));
		const second = place.start(place.recording('talk', numbered(0, 8000), 'rate=8000'));
		const recorder = await place.connect(second);
		assert.equal(existsSync(record.socket), false);
		await stop(second, recorder);
	});

	test('a hang-up changes nothing, and a system that shuts down closes the tape', async t => {
		const place = home(t);
		const capture = place.start(place.recording('talk', numbered(0, 64_000), 'rate=8000'));
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples > 0);
		capture.kill('SIGHUP');
		const {writtenSamples} = recorder.status;
		await recorder.until(({status}) => status.writtenSamples > writtenSamples + 1000);
		capture.kill('SIGTERM');
		assert.deepEqual(await once(capture, 'exit'), [0, null]);
		await recorder.untilEnd();
		const {samples} = place;
		assert.deepEqual(recorder.messages.at(-1), {type: 'ended', nSamples: samples.length});
		assert.equal(readFileSync(place.tape).readUInt32LE(76), 2 * samples.length);
		assertOpensInSox(place.tape, samples.length);
	});

	test('a limit ends the recording with its reason, which waits for a recorder', async t => {
		const place = home(t);
		const device = place.recording('talk', numbered(1, 16_000), 'rate=8000&speed=max&then=nothing');
		const capture = place.start(device, '--max-hours=0.0001');
		const ended = once(capture, 'exit');
		await place.recordOf(capture);
		while (!existsSync(place.tape) || readFileSync(place.tape).readUInt32LE(76) === 0xffffffff) await sleep(20);
		const recorder = await place.connect(capture);
		await recorder.untilEnd();
		assert.deepEqual(await ended, [0, null]);
		assert.deepEqual(
			recorder.events.map(({type}) => type),
			['device', 'limit'],
		);
		const limit = recorder.events.at(-1)!;
		assert.match(
			'why' in limit ? limit.why : '',
			/^The recording ended by itself after 0\.0001 h, as the setting maxHours says\.$/,
		);
		assert.deepEqual(recorder.messages.at(-1), {type: 'ended', nSamples: 16_000});
	});

	test('too little disk ends the recording with its reason', async t => {
		const place = home(t);
		const capture = place.start(place.recording('talk', numbered(0, 8000), 'rate=8000'), '--min-free-mb=1e12');
		const recorder = await place.connect(capture);
		await recorder.untilEnd();
		const limit = recorder.events.at(-1)!;
		assert.match(
			'why' in limit ? limit.why : '',
			/with \d+ MB of disk left: the setting minFreeMb keeps 1000000000000 MB free\.$/,
		);
	});

	test('events wait for a recorder that received them, and are said again to the next one', async t => {
		const place = home(t);
		const capture = place.start(place.recording('talk', numbered(0, 64_000), 'rate=8000&gone=0.3:0.1'));
		const first = await place.connect(capture);
		first.receives = false;
		await first.until(({events}) => gapsOf(events).length === 1);
		first.send({type: 'received', seq: 0});
		first.leave();
		await first.untilEnd();
		const second = await place.connect(capture);
		await second.until(({events}) => events.length === 2);
		assert.deepEqual(second.events, first.events.slice(1));
		const third = await place.connect(capture);
		assert.deepEqual(third.events, []);
		assert.equal(await second.untilEnd(), '');
		assert.deepEqual(second.messages.at(-1), {type: 'bye', message: 'Another recorder has taken over.'});
		await stop(capture, third);
	});

	test('a recording off the record is forgotten piece by piece', async t => {
		const place = home(t);
		const heard = numbered(0, 8000 * 100);
		const capture = place.start(place.recording('talk', heard, 'rate=8000&speed=max&then=nothing'), '--off-record');
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples === heard.length);
		const pieces = readdirSync(place.session).filter(name => name.endsWith('.wav'));
		assert.deepEqual(
			pieces.sort(),
			[2, 3, 4, 5, 6].map(piece => `audio.${piece}.wav`),
		);
		const body = readFileSync(path.join(place.session, 'audio.6.wav')).subarray(80);
		assert.deepEqual(
			new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length)),
			heard.subarray(90 * 8000),
		);
		await stop(capture, recorder);
	});

	test('files, folders and sockets are their owner’s alone', async t => {
		const place = home(t);
		const capture = place.start(place.recording('talk', numbered(0, 8000), 'rate=8000'));
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples > 0);
		const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
		const modes = new Map([
			...readdirSync(place.session).map(
				name => [name.replace(/[\d-]+\w+$/, ''), mode(path.join(place.session, name))] as const,
			),
			...readdirSync(place.runFolder).map(
				name => [path.extname(name), mode(path.join(place.runFolder, name))] as const,
			),
			['run', mode(place.runFolder)],
			['state', mode(path.dirname(place.runFolder))],
		]);
		assert.deepEqual(Object.fromEntries(modes), {
			'.claim': '600',
			'audio.wav': '600',
			'.json': '600',
			'.sock': '600',
			run: '700',
			state: '700',
		});
		await stop(capture, recorder);
	});
});
