import {execFileSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {projectRoot} from '../src/system/project-root.js';
import {measureCommand} from './measure-command.js';

// npm run bench:memory [-- --minutes N]: resident memory of transcribing a long file beside a two-minute one, format by format.
// Needs ffmpeg. Exits with 1 where the long file peaks more than 30 MB above the short one.

const shortMinutes = 2;
const maxGrowthMb = 30;
const {values} = parseArgs({options: {minutes: {type: 'string', default: '120'}}});
const longMinutes = Number(values.minutes);

const formats = {
	wav: ['-c:a', 'pcm_s16le'],
	mp3: ['-c:a', 'libmp3lame', '-q:a', '6'],
	flac: ['-c:a', 'flac'],
	opus: ['-c:a', 'libopus', '-b:a', '24k'],
};

const speech = path.join(projectRoot, 'test', 'fixtures', 'embedded', 'parity', 'minute.wav');
const temporary = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-memory-'));
let hasGrown = false;
try {
	console.log(`format  ${shortMinutes} min  ${longMinutes} min  growth   RTF`);
	for (const [format, codec] of Object.entries(formats)) {
		const short = await transcribe(make(format, codec, shortMinutes));
		const long = await transcribe(make(format, codec, longMinutes));
		const growthMb = long.peakMb - short.peakMb;
		hasGrown ||= growthMb > maxGrowthMb;
		const rtf = long.wallMs / (longMinutes * 60_000);
		console.log(
			`${format.padEnd(6)} ${short.peakMb.toFixed(0).padStart(5)} MB ${long.peakMb.toFixed(0).padStart(6)} MB ${growthMb.toFixed(1).padStart(6)} MB  ${rtf.toFixed(4)}`,
		);
	}
} finally {
	await rm(temporary, {recursive: true});
}
process.exit(hasGrown ? 1 : 0);

function make(format: string, codec: readonly string[], minutes: number): string {
	const file = path.join(temporary, `${minutes}.${format}`);
	const input = ['-v', 'error', '-nostdin', '-stream_loop', '-1', '-i', speech, '-t', String(minutes * 60)];
	execFileSync('ffmpeg', [...input, ...codec, file]);
	return file;
}

async function transcribe(file: string) {
	const run = await measureCommand([
		process.execPath,
		path.join(projectRoot, 'bin', 'pi-caption.cjs'),
		'transcribe',
		file,
	]);
	await rm(file);
	if (run.exitCode !== 0) throw new Error(`pi-caption transcribe ${file} ended with ${run.exitCode}.`);
	return run;
}
