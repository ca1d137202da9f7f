import {mkdtempSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {endSentences, showLive} from '../../../src/ui/live/show-live.js';
import {FakeRecorder, final} from './fake-recorder.js';

// Shows the live screen of a recorder that goes on by itself: a word every 300 ms, a caption every six words.

const folder = mkdtempSync(path.join(os.tmpdir(), 'pc-live-'));
const words = 'it was the best of times it was the worst of times it was the age of wisdom'.split(' ');
const recorder = new FakeRecorder(
	folder,
	Array.from({length: 200}, (_, i) => final(i, `Caption number ${i} of what was said before.`, i * 3000)),
);
const controller = new AbortController();
const atExit = new Set<() => void>();
process.on('exit', () => {
	for (const action of atExit) action();
});
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => controller.abort());

let n = 0;
let segmentId = 200;
let said: string[] = [];
const speaking = setInterval(() => {
	said.push(words[n++ % words.length]!);
	if (n % 18 === 0) {
		recorder.say(final(segmentId, said.join(' '), 600_000 + n * 300));
		segmentId++;
		said = [];
	} else {
		recorder.open(segmentId, said.join(' '), 600_000 + n * 300);
	}
	if (n % 3 === 0) recorder.change({tapeMs: 600_000 + n * 300, levelDb: -30 + (n % 20), rtf: 0.3 + (n % 5) / 10});
}, 300);

const end = await showLive(recorder.client, {
	stdin: process.stdin,
	stdout: process.stdout,
	env: process.env,
	signal: controller.signal,
	atExit(action) {
		atExit.add(action);
		return () => atExit.delete(action);
	},
	look: {theme: 'plain', textSize: 'normal'},
	saveLook() {},
});
clearInterval(speaking);
console.log(endSentences(end).join('\n'));
process.exit(0);
