import type {Route} from '../microphone.js';

/**
 * Where a PortAudio device's sound comes from, by its name and its host API: cards have their number in the name, servers their own name, and `default`
 * leads where ALSA's configuration says.
 */
export function routeOf(name: string, hostApi: string, isDefaultServer: boolean): Route {
	if (hostApi !== 'ALSA') return hostApi === 'OSS' ? 'alsa' : 'sound-server';
	if (/\(hw:\d/.test(name)) return 'alsa';
	if (/^(?:pulse|pipewire|jack)\b/i.test(name)) return 'sound-server';
	return name === 'default' && isDefaultServer ? 'sound-server' : 'alsa';
}
