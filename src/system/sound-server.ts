import {readdir, readFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Where to look, for tests that bring their own files. */
export type SoundServerOptions = {
	/** @default '/' */
	root?: string;
	/** @default the user's own */
	home?: string;
	/** @default process.env */
	env?: NodeJS.ProcessEnv;
};

/** `pcm.!default` and what type it has, or that another name stands for it. */
const defaultPcm = /\bpcm\.!?default\s*(?:\{[^}]*?\btype\s+"?([\w-]+)|"?([\w-]+))/g;
const servers = /^(?:pulse|pipewire|jack)$/;
/** Debian's PulseAudio package makes `default` its own while a server runs, by a hook. */
const pulseHook = /\bpulse_load_if_running\b/;

/** Whether ALSA's `default` device leads to PulseAudio, PipeWire or JACK, as far as ALSA's configuration tells. */
export async function isAlsaDefaultServer({
	root = '/',
	home = os.homedir(),
	env = process.env,
}: SoundServerOptions = {}): Promise<boolean> {
	const own = env.ALSA_CONFIG_PATH?.split(':').filter(Boolean) ?? [];
	const files = [
		...(await filesIn(path.join(root, 'etc/alsa/conf.d'))),
		path.join(root, 'etc/asound.conf'),
		path.join(home, '.asoundrc'),
		path.join(home, '.config/alsa/asoundrc'),
	];
	let isServer = false;
	for (const file of own.length > 0 ? own : files) {
		const text = (await readFile(file, 'utf8').catch(() => '')).replace(/#.*$/gm, '');
		if (pulseHook.test(text)) isServer = true;
		// What is read later counts.
		for (const [, type, other] of text.matchAll(defaultPcm)) isServer = servers.test(type ?? other ?? '');
	}
	return isServer;
}

async function filesIn(folder: string): Promise<string[]> {
	const names = await readdir(folder).catch(() => []);
	return names
		.filter(name => name.endsWith('.conf'))
		.sort()
		.map(name => path.join(folder, name));
}
