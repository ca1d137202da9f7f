import {once} from 'node:events';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {tapeHeaderBytes} from '../../src/session/tape-header.js';
import {Home} from '../../test/capture/capture-process.js';

// npm run prove -- capture [hours] [speed]: an hour of audio through the capture process, faster than it was said. Nothing may be lost, no device may wait, and memory and descriptors
// must stay as they were. What a real microphone costs is measured before, at its own pace.

const hours = Number(process.argv[2] ?? 1);
const speed = process.argv[3] ?? '60';
const sampleRate = 24_000;
const loopSamples = 60 * sampleRate;
const pacedSeconds = 20;
const flatKb = 20_000;

const place = new Home();
const noise = Int16Array.from({length: loopSamples}, (_, i) => (i * 40_503) & 0xffff);
const file = path.join(place.folder, 'noise');
writeFileSync(file, new Uint8Array(noise.buffer));

const costs = (pid: number) => {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]);
	const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
	// Fields 14 and 15 of proc(5), in ticks of 10 ms.
	const cpuMs = 10 * (Number(fields[11]) + Number(fields[12]));
	const nDescriptors = readdirSync(`/proc/${pid}/fd`).length;
	return {rssKb: kb('VmRSS'), privateKb: kb('RssAnon'), cpuMs, nDescriptors, threads: kb('Threads')};
};

console.log(`${new Date().toISOString()}, node ${process.version}, ${sampleRate} Hz`);
const paced = place.start(`file:${file}?rate=${sampleRate}&then=loop`);
const pacedRecorder = await place.connect(paced);
await sleep(2000);
const before = costs(paced.pid!);
await sleep(pacedSeconds * 1000);
const after = costs(paced.pid!);
const cpuPerMinute = ((after.cpuMs - before.cpuMs) * 60) / pacedSeconds;
console.log(
	`at the pace of speech: ${(after.rssKb / 1000).toFixed(0)} MB in memory, ${(after.privateKb / 1000).toFixed(0)} MB of it private; ${(cpuPerMinute / 1000).toFixed(2)} s of CPU a minute`,
);
pacedRecorder.send({type: 'stop'});
await once(paced, 'exit');

const nextPlace = new Home();
const nSamples = hours * 3600 * sampleRate;
const capture = nextPlace.start(`file:${file}?rate=${sampleRate}&speed=${speed}&then=loop`, `--max-hours=${hours}`);
const recorder = await nextPlace.connect(capture);
const startedMs = performance.now();
console.log('\n  hours   in memory   private   descriptors   threads   overruns   not yet on disk');
const rows: ReturnType<typeof costs>[] = [];
for (let row = 0; recorder.end === undefined; ) {
	await sleep(200);
	const {writtenSamples, heldSamples, overruns} = recorder.status;
	if (writtenSamples < (row * nSamples) / 12 || recorder.end !== undefined) continue;
	row++;
	const cost = costs(capture.pid!);
	rows.push(cost);
	const columns = [
		(writtenSamples / sampleRate / 3600).toFixed(2).padStart(7),
		`${(cost.rssKb / 1000).toFixed(1)} MB`.padStart(12),
		`${(cost.privateKb / 1000).toFixed(1)} MB`.padStart(10),
		String(cost.nDescriptors).padStart(14),
		String(cost.threads).padStart(10),
		String(overruns).padStart(11),
		`${(heldSamples / sampleRate).toFixed(1)} s`.padStart(18),
	];
	console.log(columns.join(''));
}
const took = performance.now() - startedMs;
const {overruns, lostSamples, writtenSamples} = recorder.status;
const differences = await countDifferences(nextPlace.tape);
const rss = rows.slice(1).map(({rssKb}) => rssKb);
const spreadKb = Math.max(...rss) - Math.min(...rss);
const descriptors = rows.slice(1).map(({nDescriptors}) => nDescriptors);
const logBytes = statSync(nextPlace.log).size;
console.log(`\n${(writtenSamples / sampleRate / 3600).toFixed(2)} h of audio in ${(took / 1000).toFixed(0)} s
overruns ${overruns}, samples given up ${lostSamples}, samples that differ from the recording ${differences}
memory within ${(spreadKb / 1000).toFixed(1)} MB, descriptors ${Math.min(...descriptors)} to ${Math.max(...descriptors)}, log ${logBytes} bytes`);
await place.remove();
await nextPlace.remove();
const isFlat = spreadKb <= flatKb && Math.max(...descriptors) - Math.min(...descriptors) <= 2;
process.exit(overruns === 0 && lostSamples === 0 && differences === 0 && isFlat && logBytes < 1_000_000 ? 0 : 1);

/** Samples of the tape at `file` that are not the loop's. */
async function countDifferences(tape: string): Promise<number> {
	const handle = await open(tape, 'r');
	const bytes = Buffer.alloc(2 * loopSamples);
	let count = 0;
	for (let at = tapeHeaderBytes; ; at += bytes.length) {
		const {bytesRead} = await handle.read(bytes, 0, bytes.length, at);
		if (bytesRead === 0) break;
		const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytesRead / 2);
		for (let i = 0; i < samples.length; i++) if (samples[i] !== noise[i]) count++;
	}
	await handle.close();
	return count;
}
