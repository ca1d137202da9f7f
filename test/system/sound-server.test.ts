import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import {routeOf} from '../../src/audio/portaudio/route.js';
import {isAlsaDefaultServer} from '../../src/system/sound-server.js';
import {systemFolder} from './system-folder.js';

const table: [title: string, files: Record<string, string>, isServer: boolean][] = [
	['no configuration at all', {}, false],
	['Debian\u2019s PulseAudio hook', {'etc/alsa/conf.d/99-pulse.conf': 'hook_func pulse_load_if_running'}, true],
	[
		'PipeWire as default',
		{'etc/alsa/conf.d/99-pipewire-default.conf': 'pcm.!default {\n    type pipewire\n    playback_node "-1"\n}'},
		true,
	],
	['a comment only', {'etc/asound.conf': '# pcm.!default { type pulse }'}, false],
	['a card as default', {'etc/asound.conf': 'pcm.!default { type plug slave.pcm "hw:1" }'}, false],
	[
		'a user who prefers a card to the system\u2019s server',
		{'etc/asound.conf': 'pcm.!default pulse', 'home/.asoundrc': 'pcm.!default { type hw card 1 }'},
		false,
	],
];

for (const [title, files, isServer] of table) {
	test(`${title}: the default device ${isServer ? 'leads to a sound server' : 'is ALSA\u2019s own'}`, async t => {
		const root = systemFolder(t, files);
		assert.equal(await isAlsaDefaultServer({root, home: path.join(root, 'home'), env: {}}), isServer);
	});
}

test('ALSA_CONFIG_PATH replaces the other files', async t => {
	const root = systemFolder(t, {'etc/asound.conf': 'pcm.!default pulse', own: 'pcm.!default { type null }'});
	const env = {ALSA_CONFIG_PATH: path.join(root, 'own')};
	assert.equal(await isAlsaDefaultServer({root, home: root, env}), false);
});

test('cards go by their number, servers by their name, and default where it leads', () => {
	const routes = [
		routeOf('USB Audio: - (hw:1,0)', 'ALSA', true),
		routeOf('pulse', 'ALSA', false),
		routeOf('pipewire', 'ALSA', false),
		routeOf('default', 'ALSA', true),
		routeOf('default', 'ALSA', false),
		routeOf('system', 'JACK Audio Connection Kit', false),
	];
	assert.deepEqual(routes, ['alsa', 'sound-server', 'sound-server', 'sound-server', 'alsa', 'sound-server']);
});
