import {readdirSync} from 'node:fs';
import type {Microphone} from '../../../src/audio/microphone.js';
import {openMicrophone} from '../../../src/audio/open-microphone.js';
import {exitCode, type FromHearing, type HearingTask} from './hearing.js';

// Hears a microphone in a process of its own, for `hearing.ts`.

const say = (message: FromHearing) => process.send!(message);
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

let microphone: Microphone;
process.on('message', async (task: HearingTask | 'close' | 'exit') => {
	if (task === 'exit') process.exit(exitCode);
	if (task === 'close') {
		await microphone.close();
		say({type: 'closed', nSamples: microphone.nSamples, nDescriptors: readdirSync('/proc/self/fd').length});
		return;
	}
	/** Samples of the last quarter of a second. */
	let recent: number[] = [];
	const early: Int16Array[] = [];
	let hear = (samples: Int16Array) => void early.push(samples);
	try {
		microphone = await openMicrophone(task.request, {
			onSamples: samples => hear(samples),
			onEnd: error => say({type: 'end', message: error.message, nSamples: microphone.nSamples}),
		});
		const {sampleRate, device} = microphone;
		say({type: 'open', sampleRate, device});
		const first: number[] = [];
		hear = samples => {
			if (first.length < task.nFirst) {
				first.push(...samples);
				if (first.length >= task.nFirst) say({type: 'first', samples: first.slice(0, task.nFirst)});
			}
			for (const sample of samples) recent.push(sample);
			if (recent.length < sampleRate / 4) return;
			say({type: 'heard', ...pitch(recent, sampleRate)});
			recent = [];
		};
		for (const samples of early.splice(0)) hear(samples);
	} catch (error) {
		const {message, code} = error as Error & {code: string};
		say({type: 'failed', message, code});
	}
});

/** Frequency by rising zeros, and loudest sample. */
function pitch(samples: readonly number[], sampleRate: number) {
	const rising = samples.flatMap((sample, i) => (i > 0 && samples[i - 1]! < 0 && sample >= 0 ? [i] : []));
	const periods = rising.length - 1;
	const frequency = periods < 1 ? 0 : (periods * sampleRate) / (rising.at(-1)! - rising[0]!);
	return {frequency, peak: samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)};
}
