import assert from 'node:assert/strict';
import {existsSync, readdirSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {VirtualMicrophone} from '../audio/virtual-microphone.js';
import {ownEnvironment} from '../own-folders.js';
import {missing, run, start} from './command.js';

const skip = missing('pulseaudio') || missing('parec') || missing('arecord');
const timeout = 60_000;
let microphone: VirtualMicrophone;
let env: Record<string, string>;
before(async () => {
	if (skip !== false) return;
	microphone = await VirtualMicrophone.start();
	env = {...ownEnvironment, ...microphone.env};
});
after(async () => microphone?.stop());

const tableStart = /^ +NO +NAME +CHANNELS +OWN RATE +TAKES\n\* +1 +default +\d+ +44100 +16000 24000 /;

for (const [backend, way] of [
	['naudiodon', 'PortAudio (naudiodon)'],
	['koffi', 'PortAudio (koffi)'],
] as const) {
	test(`through ${backend} the list is a table, without a word of native code`, {skip, timeout}, async t => {
		const {code, stdout, stderr} = await run(['devices'], {env: {...env, PI_CAPTION_MICROPHONE: backend}});
		if (stderr.includes('cannot be loaded')) return t.skip(`${backend} is not installed`);
		assert.equal(stderr, '');
		assert.match(stdout, tableStart);
		assert.ok(stdout.endsWith(`\nHeard through ${way}.\n`), stdout);
		assert.equal(stdout.split('\n').length, 4);
		assert.equal(code, 0);
	});
}

test('the list as JSON has each device with its backend, rates and route', {skip, timeout}, async () => {
	const {code, stdout, stderr} = await run(['devices', '--json'], {env: {...env, PI_CAPTION_MICROPHONE: 'parec'}});
	const {backend, devices, passedOver} = JSON.parse(stdout);
	assert.deepEqual([code, stderr, backend, passedOver], [0, '', 'parec', []]);
	assert.deepEqual(devices, [
		{
			number: 1,
			name: 'Monitor of Null Output',
			backend: 'parec',
			id: 'virtual_microphone.monitor',
			channels: 2,
			nativeRate: 48_000,
			isDefault: true,
			route: 'sound-server',
		},
	]);
});

test('a library that ends its process is passed over with that as the reason', {skip, timeout}, async () => {
	// PortAudio aborts where ALSA has no configuration at all.
	const {code, stdout, stderr} = await run(['devices'], {env: {...env, ALSA_CONFIG_PATH: '/dev/null'}});
	assert.match(stderr, /^PortAudio \(koffi\) is passed over: It ended its process \(SIGABRT\)\.$/m);
	assert.match(stdout, /Heard through PulseAudio \(parec\)\.\n$/);
	assert.equal(code, 0);
	assert.deepEqual(
		[existsSync(path.join(os.tmpdir(), 'crash.log')), readdirSync('.').includes('crash.log')],
		[false, false],
	);
});

test('where there is no microphone, that is the sentence and the exit code is 1', {skip, timeout}, async () => {
	const none = {...env, PULSE_SERVER: 'unix:/nowhere', PI_CAPTION_MICROPHONE: 'parec'};
	const {code, stdout, stderr} = await run(['devices'], {env: none});
	assert.deepEqual([code, stdout], [1, '']);
	assert.match(stderr, /^PulseAudio \(parec\) is passed over: .*\nThere is no microphone: plug one in, .*\n$/);
});

test('the level of what is heard is told until Ctrl+C, a line at a time', {skip, timeout}, async () => {
	microphone.playSine(440);
	const {child, ended, says} = start(['devices', '--level', '--json', '--seconds', '50'], {env});
	// The sine is 6 dB below full scale at its peak, 9 as a mean.
	await says(/^\{"type":"level","levelDb":-9(?:\.\d)?,"peakDb":-6(?:\.\d)?,/m);
	child.kill('SIGINT');
	const {code, stdout, stderr} = await ended;
	assert.deepEqual([code, stderr], [0, '']);
	const [opened, ...levels] = stdout
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));
	assert.deepEqual([opened.type, opened.sampleRate], ['open', 24_000]);
	assert.ok(levels.every(({type, overruns}) => type === 'level' && overruns === 0));
});

test('a recording plays the microphone, and an unknown name is a sentence', {skip, timeout}, async () => {
	const file = path.join('test', 'fixtures', 'audio', 'jfk.wav');
	const recording = `file:${path.resolve(file)}?then=loop`;
	const {code, stdout, stderr} = await run(['devices', '--level', recording, '--seconds', '2.5'], {env});
	assert.match(stdout, /^file:.*jfk\.wav\?then=loop, 16000 Hz:\n( *-\d+ dB \S{30}\n)+$/);
	assert.deepEqual([code, stderr], [0, '']);
	const unknown = await run(['devices', '--level', 'Nonsense'], {env});
	assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
	assert.match(unknown.stderr, /^There is no microphone "Nonsense"; there are: default\.\n$/);
});
