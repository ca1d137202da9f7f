import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {MicrophoneDevice} from '../../../src/audio/microphone.js';
import {findDevice} from '../../../src/audio/microphones/find-device.js';
import {adviseForLogout} from '../../../src/audio/microphones/logout.js';
import {channelsToOpen, int16Of, toMono} from '../../../src/audio/microphones/mono.js';
import {endsAtLogout} from '../../../src/system/linger.js';
import {systemFolder} from '../../system/system-folder.js';

const device = (number: number, name: string, change: Partial<MicrophoneDevice> = {}): MicrophoneDevice => ({
	number,
	name,
	backend: 'naudiodon',
	id: String(number - 1),
	channels: 1,
	nativeRate: 48_000,
	isDefault: false,
	route: 'alsa',
	...change,
});
const usb = device(1, 'USB PnP Sound Device: Audio (hw:1,0)');
const hat = device(2, 'Two Mics: Capture (hw:2,0)', {channels: 2});
const server = device(3, 'default', {isDefault: true, route: 'sound-server', channels: 32});
const all = [usb, hat, server];

test('a device is found by number, name, part of a name, and on another card number', () => {
	assert.equal(findDevice(all, '2'), hat);
	assert.equal(findDevice(all, usb.name), usb);
	assert.equal(findDevice(all, 'two mics'), hat);
	assert.equal(findDevice(all, 'USB PnP Sound Device: Audio (hw:7,0)'), usb);
});

test('without a wish the system\u2019s choice is taken, or the first', () => {
	assert.equal(findDevice(all, undefined), server);
	assert.equal(findDevice([usb, hat], undefined), usb);
});

test('what is missing or means several is told with the names there are', () => {
	assert.throws(
		() => findDevice(all, 'Bluetooth'),
		/There is no microphone "Bluetooth"; there are: USB.*, Two.*, default\./,
	);
	assert.throws(
		() => findDevice(all, 'hw:'),
		/Several microphones are called "hw:": USB.*, Two Mics.*Give more of the name\./,
	);
	assert.throws(() => findDevice([], undefined), /There is no microphone: plug one in/);
});

test('a mean of a card’s channels, one of them, and one channel from a server', () => {
	assert.deepEqual([channelsToOpen(hat, 'mix'), channelsToOpen(hat, 2), channelsToOpen(server, 'mix')], [2, 2, 1]);
	assert.throws(() => channelsToOpen(hat, 3), /has no channel 3: choose one from 1 to 2, or mix\./);
	const frames = Int16Array.of(100, 201, -32_768, -32_768, 7, -8);
	assert.deepEqual([...toMono(frames, 2, 'mix')], [151, -32_768, 0].map(Math.round));
	assert.deepEqual([...toMono(frames, 2, 2)], [201, -32_768, -8]);
	assert.deepEqual([...int16Of(Uint8Array.of(1, 0, 255, 255, 9))], [1, -1]);
});

test('linger is off where systemd watches over logins and has no file for the user', t => {
	const root = systemFolder(t, {'run/systemd/seats/seat0': '', 'var/lib/systemd/linger/stays': ''});
	assert.equal(endsAtLogout({root, user: 'goes'}), true);
	assert.equal(endsAtLogout({root, user: 'stays'}), false);
	assert.equal(endsAtLogout({root: systemFolder(t, {}), user: 'goes'}), false);
});

test('where a logout would end the sound server, a card is preferred and a wish is warned of', async t => {
	const root = systemFolder(t, {'run/systemd/users/1000': ''});
	const advise = (devices: MicrophoneDevice[], wanted?: string, user = 'ada') =>
		adviseForLogout(wanted, {root, user, list: async () => ({devices})});
	assert.deepEqual(await advise(all), {device: usb.name, warning: undefined});
	assert.deepEqual(await advise(all, 'Two Mics'), {device: 'Two Mics', warning: undefined});
	assert.deepEqual(await advise(all, 'file:a.wav'), {device: 'file:a.wav', warning: undefined});
	const {device: kept, warning} = await advise([server]);
	assert.equal(kept, undefined);
	assert.match(warning!, /The microphone default is lost .*`sudo loginctl enable-linger ada` keeps it\./);
	assert.match((await advise(all, 'default')).warning!, /enable-linger/);
	assert.deepEqual(await advise([server], undefined, 'root'), {device: undefined, warning: undefined});
});
