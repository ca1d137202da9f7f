import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {appendFileSync, readFileSync, statSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import path from 'node:path';
import {describe, type TestContext, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {identifyProcess} from '../../src/system/process-identity.js';
import {projectRoot} from '../project-root.js';
import {numbered} from '../session/fake-disk.js';
import {Home, stop} from './capture-process.js';

function home(t: TestContext): Home {
	const made = new Home();
	t.after(() => made.remove());
	return made;
}

/** Starts a capture of an endless recording. */
const startLong = (place: Home, ...args: string[]) =>
	place.start(place.recording('talk', numbered(0, 8000), 'rate=8000&then=loop'), ...args);

async function readAll(socket: Socket): Promise<string> {
	let text = '';
	socket.on('error', () => {});
	socket.setEncoding('utf8').on('data', data => {
		text += data;
	});
	// `once` would fail where the other side closed before all was written.
	await new Promise(resolve => socket.on('close', resolve));
	return text;
}

/** What the last line of an answer says. */
const lastWords = (answer: string) => JSON.parse(answer.trim().split('\n').at(-1)!);

// Some at a time, since each waits for real processes.
describe('capture and its peers', {concurrency: 4}, () => {
	test('a recorder that dies, and one that falls silent, are replaced while capture records on', async t => {
		const place = home(t);
		const notes = path.join(place.folder, 'notes');
		appendFileSync(notes, '');
		const program = path.join(projectRoot, 'build', 'test', 'capture', 'starting-recorder.js');
		const record = path.join(place.runFolder, 'capture.json');
		const command = [process.execPath, program, record, notes];
		const capture = startLong(place, `--recorder=${JSON.stringify(command)}`);
		const started = () => readFileSync(notes, 'utf8').trim().split('\n').filter(Boolean).map(Number);
		const untilStarted = async (count: number) => {
			while (started().length < count) await sleep(20);
			return started().at(-1)!;
		};
		const first = await place.connect(capture);
		first.leave();
		const firstStarted = await untilStarted(1);
		// In a session of its own: its hang-up is not capture's.
		assert.notEqual(sessionOf(firstStarted), sessionOf(capture.pid!));
		process.kill(firstStarted, 'SIGKILL');
		const secondStarted = await untilStarted(2);
		const silent = await place.connect(capture);
		silent.fallSilent();
		await untilStarted(3);
		assert.equal(await silent.untilEnd(), '');
		assert.deepEqual(silent.messages.at(-1), {type: 'bye', message: 'Another recorder has taken over.'});
		while (identifyProcess(secondStarted)) await sleep(20);

		const last = await place.connect(capture);
		const {writtenSamples} = last.status;
		await last.until(({status}) => status.writtenSamples > writtenSamples);
		await stop(capture, last);
		for (const pid of started()) while (identifyProcess(pid)) await sleep(20);
		const {samples} = place;
		assert.ok(samples.every((sample, i) => sample === i % 8000));
	});

	const sessionOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[3];

	test('peers that are wrong or hostile are told why and harm nothing', async t => {
		const place = home(t);
		const capture = startLong(place);
		const recorder = await place.connect(capture);
		const {socket} = place.record!;
		const hello = JSON.stringify({type: 'hello', protocolVersion: 1});
		const cases: [string, RegExp][] = [
			[`${JSON.stringify({type: 'hello', protocolVersion: 2})}\n`, /speaks protocol 1, and the recorder speaks 2: use/],
			[`${JSON.stringify({type: 'stop'})}\n`, /^A hello comes first\.$/],
			[`${'x'.repeat(70_000)}\n`, /a line of more than 65536 bytes\.$/],
			['\n', /a line that is no JSON\.$/],
			['GET / HTTP/1.1\r\n\r\n', /a line that is no JSON\.$/],
			[`${'['.repeat(60_000)}\n`, /a line that is no JSON\.$/],
			['null\n', /that this version does not know\.$/],
			[`{"__proto__":{"type":"stop"}}\n`, /that this version does not know\.$/],
		];
		for (const [sent, sentence] of cases) {
			const peer = connect(socket);
			peer.write(sent);
			const {type, message} = lastWords(await readAll(peer));
			assert.equal(type, 'bye');
			assert.match(message, sentence);
		}

		// One that greets properly and then asks for nonsense has taken the recorder's place, and loses it.
		const impostor = connect(socket);
		impostor.write(`${hello}\n{"type":"held","fromSample":-1}\n`);
		assert.match(lastWords(await readAll(impostor)).message, /that this version does not know/);
		await recorder.untilEnd();

		// Ten times as many as may wait, and none says anything.
		const idle = Array.from({length: 80}, () => connect(socket));
		await Promise.all(idle.slice(0, 8).map(peer => once(peer, 'connect')));
		await Promise.all(idle.slice(8).map(readAll));
		for (const peer of idle.slice(0, 8)) peer.destroy();

		// One that floods it with questions and never reads an answer.
		const flood = connect(socket);
		flood.on('error', () => {});
		flood.write(`${hello}\n`);
		for (let i = 0; i < 20_000; i++) flood.write('{"type":"held","fromSample":0}\n');
		await new Promise(resolve => flood.pause().on('close', resolve).on('drain', resolve));

		const next = await place.connect(capture);
		flood.destroy();
		const {writtenSamples} = next.status;
		await next.until(({status}) => status.writtenSamples > writtenSamples);
		assert.ok(rssKb(capture.pid!) < 150_000, `${rssKb(capture.pid!)} kB`);
		await stop(capture, next);
		assert.equal(readFileSync(place.log, 'utf8'), '');
		assert.ok(place.samples.every((sample, i) => sample === i % 8000));
	});

	const rssKb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

	test('another user of the machine can neither read nor connect', async t => {
		const place = home(t);
		const capture = startLong(place);
		const recorder = await place.connect(capture);
		await recorder.until(({status}) => status.writtenSamples > 0);
		const {socket} = place.record!;
		const files = [place.tape, path.join(place.runFolder, 'capture.json'), socket];
		for (const file of files) assert.equal(statSync(file).mode & 0o077, 0, file);
		assert.equal(statSync(place.runFolder).mode & 0o077, 0);
		// Nor by a name that has no permissions.
		assert.doesNotMatch(readFileSync('/proc/net/unix', 'utf8'), new RegExp(`@.*${path.basename(socket)}`));
		if (process.getuid?.() === 0) {
			const attempt = `
				const fs = require('node:fs');
				const said = [];
				const attempt = action => { try { action(); said.push('done'); } catch (error) { said.push(error.code); } };
				for (const file of ${JSON.stringify(files)}) attempt(() => fs.readFileSync(file));
				attempt(() => fs.readdirSync(${JSON.stringify(place.session)}));
				require('node:net').connect(${JSON.stringify(socket)})
					.on('connect', () => { console.log(JSON.stringify([...said, 'connected'])); process.exit(); })
					.on('error', error => console.log(JSON.stringify([...said, error.code])));`;
			const stranger = spawnSync(process.execPath, ['-e', attempt], {uid: 65_534, gid: 65_534, encoding: 'utf8'});
			assert.deepEqual(JSON.parse(stranger.stdout), Array(5).fill('EACCES'));
		}
		await stop(capture, recorder);
	});

	test('what native code prints is cut at a megabyte, and recording goes on', async t => {
		const place = home(t);
		const capture = startLong(place);
		const recorder = await place.connect(capture);
		appendFileSync(place.log, 'ALSA lib pcm.c: underrun\n'.repeat(50_000));
		await recorder.until(() => statSync(place.log).size === 0);
		await stop(capture, recorder);
	});

	test('a recorder’s weight is not inherited', async t => {
		const place = home(t);
		// As a recorder would have it: easy to kill and slow to run.
		const shell = `echo 500 > /proc/self/oom_score_adj; exec "$0" "$@"`;
		const program = path.join(projectRoot, 'build', 'src', 'cli', 'capture-process.js');
		const device = place.recording('talk', numbered(0, 8000), 'rate=8000&then=loop');
		const args = [program, `--session=${place.session}`, `--device=${device}`, '--recorder=["true"]'];
		const capture = spawn('sh', ['-c', shell, process.execPath, ...args], {env: place.env, stdio: 'ignore'});
		const recorder = await place.connect(capture);
		assert.equal(readFileSync(`/proc/${capture.pid}/oom_score_adj`, 'utf8'), '0\n');
		await stop(capture, recorder);
	});
});
