import type {Microphone} from '../microphone.js';
import {openMicrophone} from '../open-microphone.js';
import {SoundLevel} from '../sound-level.js';
import type {FromLevelProcess, LevelTask} from './level-apart.js';

// Measures a microphone in a process of its own, for `level-apart.ts`.

const say = (message: FromLevelProcess) => process.send?.(message, undefined, undefined, () => {});
// Whoever asked is gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

process.once('message', async ({device, channel, everyMs}: LevelTask) => {
	const level = new SoundLevel();
	let microphone: Microphone | undefined;
	const fail = (error: Error) => say({type: 'failed', message: error.message});
	try {
		microphone = await openMicrophone(
			{...(device !== undefined && {device}), channel},
			{
				onSamples: samples => level.add(samples, microphone?.sampleRate ?? 24_000),
				onEnd: fail,
			},
		);
	} catch (error) {
		fail(error as Error);
		return;
	}
	const {name} = microphone.device;
	say({type: 'open', name, sampleRate: microphone.sampleRate, backend: microphone.device.backend});
	setInterval(() => {
		const {levelDb, peakDb, silentMs} = level;
		say({type: 'level', levelDb, peakDb, silentMs, overruns: microphone!.overruns});
	}, everyMs);
});
