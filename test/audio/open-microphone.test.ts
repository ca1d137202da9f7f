import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, type TestContext, test} from 'node:test';
import type {BackendName} from '../../src/audio/microphone.js';
import {missing} from '../cli/command.js';
import {projectRoot} from '../project-root.js';
import {temporaryFolder} from '../temporary-folder.js';
import {exitCode, Hearing} from './microphones/hearing.js';
import {VirtualMicrophone} from './virtual-microphone.js';

const addon = path.join(projectRoot, 'node_modules', 'naudiodon', 'build', 'Release', 'naudiodon.node');
const noServer = missing('pulseaudio') || missing('pactl');
const noLibrary = missing('ldconfig') || false;
const skips: Record<Exclude<BackendName, 'pw-record'>, string | false> = {
	naudiodon: noServer || (existsSync(addon) ? false : 'naudiodon is not installed'),
	koffi: noServer || noLibrary,
	parec: noServer || missing('parec'),
	arecord: noServer || missing('arecord'),
};
const backends = Object.keys(skips) as (keyof typeof skips)[];

/** What does not come within this never comes. */
const timeout = 60_000;

let microphone: VirtualMicrophone;
before(async () => {
	if (!noServer) microphone = await VirtualMicrophone.start();
});
after(async () => microphone?.stop());

async function hearing(env: Record<string, string>, use: (hearing: Hearing) => Promise<void>): Promise<void> {
	const one = new Hearing(env);
	try {
		await use(one);
	} finally {
		one.end();
	}
}

for (const backend of backends) {
	test(`${backend} hears a sine, says that the microphone is gone, and hears the next one`, {
		skip: skips[backend],
	}, async () => {
		microphone.playSine(440);
		await hearing(microphone.env, async ears => {
			const {sampleRate, device} = await ears.open({backend});
			assert.equal(sampleRate, 24_000);
			assert.equal(device.backend, backend);
			assert.equal(device.route, 'sound-server');
			assert.equal(device.isDefault, true);
			await ears.sine(440);

			microphone.unplug();
			const {message} = await ears.next('end');
			assert.ok(message.startsWith(`The microphone ${device.name} `), message);

			microphone.plugIn();
			microphone.playSine(660);
			await ears.open({backend, device: device.name});
			await ears.sine(660);
			assert.ok((await ears.close()).nSamples > 0);
		});
	});
}

for (const backend of ['naudiodon', 'koffi'] as const) {
	test(`${backend} takes the microphone's own rate where another is refused`, {
		skip: skips[backend],
		timeout,
	}, async () => {
		microphone.playSine(550);
		await hearing(microphone.env, async ears => {
			const {sampleRate, device} = await ears.open({backend, sampleRate: 5});
			assert.equal(sampleRate, device.nativeRate);
			await ears.sine(550);
			await ears.close();
		});
	});

	test(`${backend} says when the sound server was killed, and hears its successor`, {
		skip: skips[backend],
	}, async () => {
		microphone.playSine(330);
		await hearing(microphone.env, async ears => {
			await ears.open({backend});
			await ears.sine(330);
			await microphone.killServer();
			await ears.next('end');
			await assert.rejects(ears.open({backend}), /no-device|device-refused|backend-missing/);
			await microphone.startServer();
			microphone.playSine(770);
			await ears.open({backend});
			await ears.sine(770);
			await ears.close();
			assert.equal(await ears.exit(), exitCode);
		});
	});

	test(`${backend} gives what ALSA's file plugin has, sample by sample`, {skip: skips[backend], timeout}, async t => {
		const samples = Int16Array.from({length: 24_000 * 5}, (_, i) => ((i * 7919) % 65_536) - 32_768);
		await hearing(fileMicrophone(t, samples), async ears => {
			const {sampleRate, device} = await ears.open({backend, channel: 1}, 24_000);
			assert.deepEqual([sampleRate, device.route], [24_000, 'alsa']);
			const first = await ears.next('first');
			assert.deepEqual(first.samples, [...samples.subarray(0, 24_000)]);
		});
	});

	test(`${backend} leaves nothing open, however often it is opened`, {skip: skips[backend], timeout}, async t => {
		const env = fileMicrophone(t, new Int16Array(1000));
		await hearing(env, async ears => {
			const counts: number[] = [];
			for (let time = 0; time < 12; time++) {
				await ears.open({backend});
				counts.push((await ears.close()).nDescriptors);
			}
			// The first may load what stays.
			assert.deepEqual(new Set(counts.slice(1)), new Set([counts[1]]));
		});
	});
}

/** An ALSA of its own that has one device, which gives the samples as fast as they are taken. */
function fileMicrophone(t: TestContext, samples: Int16Array): Record<string, string> {
	const folder = temporaryFolder(t);
	const raw = path.join(folder, 'in.raw');
	writeFileSync(raw, samples);
	const config = path.join(folder, 'asound.conf');
	const pcm = `type file\n\tslave.pcm { type null }\n\tfile /dev/null\n\tinfile "${raw}"\n\tformat raw`;
	writeFileSync(config, `pcm.!default {\n\t${pcm}\n}\n`);
	return {ALSA_CONFIG_PATH: config};
}

test('a name that no microphone has is told with those that there are', {skip: noServer, timeout}, async () => {
	await hearing(microphone.env, async ears => {
		await assert.rejects(ears.open({device: 'Nonsense'}), /There is no microphone \\"Nonsense\\"; there are: /);
	});
});
