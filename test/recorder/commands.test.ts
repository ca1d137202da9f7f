import './own-home.js';

import assert from 'node:assert/strict';
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, afterEach, test} from 'node:test';
import {setTimeout} from 'node:timers/promises';
import {runningCapture} from '../../src/capture/capture-record.js';
import {connectRecorder} from '../../src/recorder/recorder-client.js';
import {runningRecorder} from '../../src/recorder/recorder-record.js';
import {recorderCommand} from '../../src/recorder/start-recorder.js';
import {identifyProcess} from '../../src/system/process-identity.js';
import {
	finalsOf,
	journalOf,
	killAll,
	microphone,
	minute,
	runProgram,
	startProgram,
	textAndTimes,
	transcribed,
	until,
	Watcher,
} from './live-program.js';
import {ownHome} from './own-home.js';

afterEach(killAll);
after(killAll);

const start = (...flags: string[]) => runProgram(['start', '--detach', '--latency', 'low', ...flags]);

/** Starts a session that must begin. */
async function begin(...flags: string[]): Promise<void> {
	const {code, stderr} = await start(...flags);
	assert.equal(code, 0, stderr);
}

test('where nothing is recorded, every command says so and ends with 3', async () => {
	for (const args of [['pause'], ['note', 'x'], ['attach', '--plain']]) {
		const {code, stdout, stderr} = await runProgram(args);
		assert.deepEqual([code, stdout], [3, ''], args.join(' '));
		assert.match(stderr, /^Nothing is recording: `pi-caption start` begins a session\.\n$/);
	}
	const {code, stdout} = await runProgram(['status', '--json']);
	assert.equal(code, 3);
	assert.equal(JSON.parse(stdout).state, 'idle');
	assert.equal(await runningRecorder(), undefined);
});

test('two simultaneous starts give one recorder and one session', async () => {
	const ends = await Promise.all([start('--device', microphone(minute)), start('--device', microphone(minute))]);
	assert.deepEqual(ends.map(({code}) => code).sort(), [0, 4]);
	const second = ends.find(({code}) => code === 4)!;
	assert.match(second.stderr, /^A session is recording already \(.*\): `pi-caption attach`/);
	const sessions = path.join(ownHome, 'data', 'pi-caption', 'sessions');
	assert.equal(readdirSync(sessions).length, 1);
	const recorders = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && isOurRecorder(pid));
	await until('one recorder', () => recorders.filter(pid => identifyProcess(Number(pid))).length === 1);
});

function isOurRecorder(pid: string): boolean {
	try {
		// Capture has it in an argument, as what to start.
		const isProgram = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('recorder-process.js\0');
		return isProgram && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(ownHome);
	} catch {
		return false;
	}
}

test('pause closes the microphone, resume opens it, and the journal has the gap', async () => {
	await begin('--device', microphone(minute, 'speed=1'));
	const watcher = await Watcher.attach();
	await watcher.heard(1000);
	assert.equal((await runProgram(['pause'])).code, 0);
	const json = JSON.parse((await runProgram(['status', '--json'])).stdout);
	assert.equal(json.state, 'paused');
	assert.equal((await runProgram(['resume'])).code, 0);
	await until('the recording', () => watcher.status!.state === 'recording');
	const {folder} = watcher.status!.session!;
	assert.equal((await runProgram(['stop'])).code, 0);
	watcher.close();
	const entries = journalOf(folder);
	const states = entries.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
	assert.deepEqual(states, ['recording', 'paused', 'recording', 'stopped']);
	const gaps = entries.filter(entry => entry.type === 'gap');
	assert.equal(gaps.length, 1);
	assert.equal(gaps[0]!.why, 'paused');
});

test('a model that is too slow is said to be behind, and its transcript is complete', async () => {
	const slow = {PI_CAPTION_SLOW_RTF: '2:5'};
	const begun = await runProgram(['start', '--detach', '--latency', 'low', '--device', microphone(minute)], slow);
	assert.equal(begun.code, 0, begun.stderr);
	const watcher = await Watcher.attach();
	await watcher.heard(20_000);
	await until('BEHIND', () => watcher.status!.session!.isBehind);
	assert.match((await runProgram(['status'])).stdout, /^BEHIND \d+ s: the model is slower than speech/m);
	const {folder} = watcher.status!.session!;
	assert.equal((await runProgram(['stop'])).code, 0);
	watcher.close();
	const finals = finalsOf(folder);
	assert.deepEqual(textAndTimes(finals), textAndTimes(await transcribed(path.join(folder, 'audio.wav'))));
});

test('a plain viewer takes one-letter commands, and leaving does not end the session', async () => {
	await begin('--device', microphone(minute, 'speed=1'));
	const viewer = startProgram(['attach', '--plain', '--interactive']);
	const type = (line: string) => viewer.child.stdin!.write(`${line}\n`);
	const shows = (pattern: RegExp) => until(String(pattern), () => pattern.test(viewer.output().stdout));
	await shows(/this conversation is being recorded/);
	type('?');
	await shows(/^\[r pause or go on/m);
	type('m');
	await shows(/^\[\d+:\d\d mark\]$/m);
	type('N what a \x1b[2Jday');
	await shows(/^\[\d+:\d\d note: what a day\]$/m);
	type('r');
	await shows(/^\[\d+:\d\d paused\]$/m);
	type('r');
	await shows(/ not recorded for .*paused/m);
	type('q');
	await shows(/^\[stop and save\?/m);
	type('n');
	await shows(/^\[goes on\]$/m);
	type('d');
	const left = await viewer.ended;
	assert.equal(left.code, 0);
	assert.match(left.stderr, /The recording goes on: `pi-caption` shows it again, `pi-caption stop` ends it\./);
	assert.ok(!left.stdout.includes('\x1b'));

	const interrupted = startProgram(['--plain']);
	await until('its captions', () => /what a day/.test(interrupted.output().stdout));
	interrupted.child.kill('SIGINT');
	const {code, stderr} = await interrupted.ended;
	assert.equal(code, 130);
	assert.match(stderr, /`pi-caption stop` ends it/);
	assert.notEqual(await runningCapture(), undefined);
	assert.equal((await runProgram(['stop'])).code, 0);
});

test("files, sockets and their folders are their owner's alone, and capture does not give way", async () => {
	await begin('--device', microphone(minute));
	const recorder = (await runningRecorder())!;
	const capture = (await runningCapture())!;
	const open = files(ownHome).filter(file => (statSync(file).mode & 0o077) !== 0 && !file.includes('/cache/'));
	// What the operating system's own folders are not: made by us with other bits.
	assert.deepEqual(
		open.filter(file => file.includes('pi-caption')),
		[],
	);
	assert.ok(files(ownHome).includes(recorder.socket));
	assert.equal(niceness(recorder.process.pid), 5);
	assert.equal(niceness(capture.process.pid), 0);
	assert.ok(oomScore(recorder.process.pid) > oomScore(capture.process.pid));
	// Another user can neither see the session nor attach; only root can try that.
	if (process.getuid!() === 0) {
		const {folder} = JSON.parse((await runProgram(['status', '--json'])).stdout).session;
		for (const file of [recorder.socket, capture.socket, path.join(folder, 'audio.wav')]) {
			const attempt = `require('node:${file.endsWith('.sock') ? 'net' : 'fs'}').${file.endsWith('.sock') ? 'connect' : 'openSync'}(${JSON.stringify(file)})`;
			const {status, stderr} = spawnSync(process.execPath, ['-e', attempt], {
				uid: 65_534,
				gid: 65_534,
				encoding: 'utf8',
			});
			assert.notEqual(status, 0);
			assert.match(stderr, /EACCES/);
		}
	}
	const sessions = readFileSync(`/proc/${recorder.process.pid}/stat`, 'latin1').split(' ');
	assert.equal(Number(sessions[5]), recorder.process.pid, 'a session of its own');
});

const files = (folder: string): string[] =>
	readdirSync(folder, {recursive: true, encoding: 'utf8'}).map(name => path.join(folder, name));

/** Field 19 of proc(5). */
const niceness = (pid: number) =>
	Number(
		readFileSync(`/proc/${pid}/stat`, 'latin1')
			.replace(/^.*\) /, '')
			.split(' ')[16],
	);
const oomScore = (pid: number) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'));

test('off the record, no word and no sample is on disk, and nothing is left when everything is killed', async () => {
	const earlier = new Set(files(ownHome));
	await begin('--off-record', '--title', 'Hush', '--device', microphone(minute));
	const watcher = await Watcher.attach();
	await until('five captions', () => watcher.finals.length >= 5);
	const {folder} = watcher.status!.session!;
	assert.match(folder, /^\/(?:dev|run)\/shm\/|^\/tmp\//);
	const words = watcher.finals.map(({text}) => text);
	watcher.close();
	const leaks = files(ownHome).filter(
		file => !earlier.has(file) && statSync(file).isFile() && holds(file, [...words, 'Hush', 'RIFF']),
	);
	assert.deepEqual(leaks, []);

	await killAll();
	assert.ok(statSync(folder).isDirectory());
	const client = await connectRecorder({wants: 'replies', starts: true});
	assert.throws(() => statSync(folder), /ENOENT/);
	await client.send({name: 'exit'});
	client.close();
});

const holds = (file: string, texts: readonly string[]) => {
	const bytes = readFileSync(file);
	return texts.some(text => bytes.includes(text));
};

/** Starts a recorder as systemd does. */
function startService(...flags: string[]): ChildProcess {
	const [program, ...args] = recorderCommand();
	return spawn(program!, [...args, '--service', ...flags], {stdio: 'ignore'});
}

test('as a service the recorder waits with the microphone closed, and ends a session properly when it is told to end', async () => {
	const service = startService();
	const ended = once(service, 'exit');
	await until('the recorder', async () => (await runningRecorder())?.process.pid === service.pid);
	assert.match((await runProgram(['status'])).stdout, /^Nothing is recording/);
	assert.equal(await runningCapture(), undefined);
	await begin('--device', microphone(minute));
	const watcher = await Watcher.attach();
	assert.equal(watcher.status!.isService, true);
	await watcher.heard(10_000);
	const {folder} = watcher.status!.session!;
	service.kill('SIGTERM');
	assert.deepEqual(await ended, [0, null]);
	await until('the end', () => watcher.events.some(({type}) => type === 'ended'));
	watcher.close();
	assert.ok(readFileSync(path.join(folder, 'transcript.md'), 'utf8').includes(finalsOf(folder)[0]!.text));
	assert.equal(await runningCapture(), undefined);
});

test('a service that finds another recorder waits for its end, and is there then', async () => {
	const first = startService();
	await until('the recorder', async () => (await runningRecorder())?.process.pid === first.pid);
	const second = startService();
	const firstEnded = once(first, 'exit');
	const secondEnded = once(second, 'exit');
	await setTimeout(1500);
	assert.equal(second.exitCode, null);
	first.kill('SIGTERM');
	assert.deepEqual(await firstEnded, [0, null]);
	await until('the one that waited', async () => (await runningRecorder())?.process.pid === second.pid);
	const third = startService();
	const thirdEnded = once(third, 'exit');
	await setTimeout(1500);
	third.kill('SIGTERM');
	assert.deepEqual(await thirdEnded, [0, null]);
	second.kill('SIGTERM');
	assert.deepEqual(await secondEnded, [0, null]);
});

test('a recording that begins by itself is said to every viewer, and `service end` ends it', async () => {
	mkdirSync(path.join(ownHome, 'config', 'pi-caption'), {recursive: true});
	writeFileSync(
		path.join(ownHome, 'config', 'pi-caption', 'settings.json'),
		JSON.stringify({device: microphone(minute)}),
	);
	const service = startService('--record-at-boot');
	const ended = once(service, 'exit');
	await until('the recording', async () => (await runningCapture()) !== undefined);
	const viewer = startProgram(['--plain']);
	await until('the sentence', () => /^\[This recording began by itself/m.test(viewer.output().stdout));
	process.kill((await runningRecorder())!.process.pid, 'SIGKILL');
	assert.deepEqual(await ended, [null, 'SIGKILL']);
	await until('another recorder', async () => (await runningRecorder()) !== undefined);
	assert.match((await runProgram(['status'])).stdout, /^This recording began by itself/m);
	assert.equal((await runProgram(['stop'])).code, 0);
	const {code, stderr} = await viewer.ended;
	assert.equal(code, 0);
	assert.match(stderr, /Saved: .*transcript\.md/);
	assert.doesNotMatch((await runProgram(['status'])).stdout, /began by itself/);
	assert.equal((await runProgram(['service', 'end'])).code, 0);
	await until('its end', async () => (await runningRecorder()) === undefined);
	rmSync(path.join(ownHome, 'config', 'pi-caption', 'settings.json'));
});

test('a recording that reaches its limit is saved, and the reason is said and kept', async () => {
	const settings = path.join(ownHome, 'config', 'pi-caption', 'settings.json');
	mkdirSync(path.dirname(settings), {recursive: true});
	writeFileSync(settings, JSON.stringify({maxHours: 0.002, minFreeMb: 0}));
	await begin('--device', microphone(minute));
	const watcher = await Watcher.attach();
	const {folder} = watcher.status!.session!;
	await until('its end', () => watcher.status!.state === 'idle');
	rmSync(settings);
	assert.match(watcher.status!.notices.join(), /The recording ended by itself after 0\.002 h/);
	watcher.close();
	const last = journalOf(folder).at(-1)!;
	assert.deepEqual([last.type, last.type === 'state' && last.state], ['state', 'stopped']);
	assert.match(last.type === 'state' ? last.why! : '', /maxHours/);
	assert.ok(statSync(path.join(folder, 'transcript.md')).isFile());
});

test('where what is recorded lost its folder, the next recorder ends it and says so', async () => {
	await begin('--device', microphone(minute, 'speed=1'));
	const {folder} = JSON.parse((await runProgram(['status', '--json'])).stdout).session;
	process.kill((await runningRecorder())!.process.pid, 'SIGKILL');
	rmSync(folder, {recursive: true});
	const client = await connectRecorder({wants: 'events', starts: true});
	let notices: string[] = [];
	client.subscribe(event => {
		if (event.type === 'snapshot' || event.type === 'status') notices = event.status.notices;
	});
	await until('the sentence', () => /was ended, as nobody could go on with it/.test(notices.join()));
	client.close();
	assert.equal(await runningCapture(), undefined);
});

test('off the record, a session that is stopped leaves nothing', async () => {
	await begin('--off-record', '--device', microphone(minute));
	const watcher = await Watcher.attach();
	await watcher.heard(5000);
	const {folder} = watcher.status!.session!;
	watcher.close();
	const {code, stdout} = await runProgram(['stop']);
	assert.deepEqual([code, stdout], [0, 'Stopped: nothing of it is kept.\n']);
	assert.throws(() => statSync(path.dirname(folder)), /ENOENT/);
});
