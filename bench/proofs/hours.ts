import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import type {AudioChunk} from '../../src/audio/audio-chunk.js';
import {convertKyutai} from '../../src/convert/convert-kyutai.js';
import {startEngine} from '../../src/engine/client.js';
import {writeTinyKyutai} from '../../test/convert/tiny-kyutai.js';
import {tinyMimiPcm} from '../../test/convert/tiny-mimi.js';

// npm run prove -- hours [--minutes N]: a session of hours on the tiny Kyutai, read along, with a gap now and then. Memory may not grow by more than
// 20 MB between the first eighth and the rest, every sample is decoded, and captions come to the end.

const rate = 24_000;
const maxGrowthMb = 20;
const parts = 8;
const minutesBetweenGaps = 3;

const {values} = parseArgs({options: {minutes: {type: 'string', default: '240'}}});
const seconds = Number(values.minutes) * 60;

const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-hours-'));
try {
	process.exitCode = (await hold()) ? 0 : 1;
} finally {
	await rm(folder, {recursive: true});
}

async function hold(): Promise<boolean> {
	await writeTinyKyutai(path.join(folder, 'checkpoint'));
	const modelDir = path.join(folder, 'package');
	await convertKyutai(path.join(folder, 'checkpoint'), modelDir, {
		scheme: '8-bit',
		id: 'tiny',
		name: 'Tiny',
		licence: {name: 'CC-BY-4.0', attribution: 'Kyutai'},
		source: {description: 'a proof'},
	});
	const engine = await startEngine({modelDir, threads: 1, framesPerCall: 4, isLive: true});
	const source = {
		name: 'noise',
		sampleRate: rate,
		estimatedSamples: undefined,
		warnings: [],
		chunks,
		close: async () => {},
	};
	const peaksMb = Array<number>(parts).fill(0);
	const finals = Array<number>(parts).fill(0);
	let decodedSamples = 0;
	for await (const event of engine.captions(source)) {
		const part = Math.min(parts - 1, Math.floor((parts * decodedSamples) / (seconds * rate)));
		if (event.type === 'final') finals[part]!++;
		if (event.type !== 'progress') continue;
		decodedSamples = event.decodedSamples;
		peaksMb[part] = Math.max(peaksMb[part]!, await residentMb());
	}
	await engine.close();

	console.log(
		`Resident memory by eighths of ${values.minutes} minutes, MB: ${peaksMb.map(mb => mb.toFixed(0)).join(' ')}`,
	);
	console.log(`Captions: ${finals.join(' ')}; decoded ${decodedSamples} of ${seconds * rate} samples`);
	const growthMb = Math.max(...peaksMb.slice(1)) - peaksMb[0]!;
	const isGood = growthMb <= maxGrowthMb && decodedSamples === seconds * rate && finals.every(count => count > 0);
	console.log(`Growth ${growthMb.toFixed(1)} MB. hours: ${isGood ? 'passed' : 'FAILED'}`);
	return isGood;
}

/** Noise in seconds, each fourth one silent, that never repeats in the same place of a frame. */
async function* chunks(): AsyncGenerator<AudioChunk> {
	const noise = tinyMimiPcm(100);
	for (let second = 0; second < seconds; second++) {
		const offset = (second * 7919) % (noise.length - rate);
		const samples = second % 4 === 3 ? new Float32Array(rate) : noise.slice(offset, offset + rate);
		const isAfterGap = second > 0 && second % (minutesBetweenGaps * 60) === 0;
		yield {samples, startSample: second * rate, isAfterGap};
	}
}

async function residentMb(): Promise<number> {
	const status = await readFile('/proc/self/status', 'utf8');
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}
