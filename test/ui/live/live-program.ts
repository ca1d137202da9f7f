import {appendFileSync} from 'node:fs';
import path from 'node:path';
import type {ThemeName} from '../../../src/ui/live/look.js';
import {endSentences, showLive} from '../../../src/ui/live/show-live.js';
import {FakeRecorder, final} from './fake-recorder.js';

// Shows the live screen of a recorder in this process that goes on by itself: a word every so many ms (0: nobody speaks), a caption every 18 words. Commands that it
// gets stand in the file `commands` beside the journal. SIGUSR2 makes it fail as a mistake of ours would.
// node live-program.js FOLDER MS [THEME]

const [folder = '', wordMs = '300', theme = 'plain'] = process.argv.slice(2);
const words = 'it was the best of times it was the worst of times it was the age of wisdom'.split(' ');
const recorder = new FakeRecorder(
	folder,
	Array.from({length: 200}, (_, i) => final(i, `Caption number ${i} of what was said before.`, i * 3000)),
	command => {
		appendFileSync(path.join(folder, 'commands'), `${JSON.stringify(command)}\n`);
		if (command.name === 'pause') recorder.change({}, 'paused');
		if (command.name === 'resume') recorder.change({}, 'recording');
		if (command.name === 'stop') {
			recorder.status = {...recorder.status, state: 'idle', session: undefined};
			return {message: 'Saved.', status: recorder.status};
		}
		return {status: recorder.status, message: `${command.name} is done.`};
	},
);
recorder.change({tapeMs: 600_000});

const controller = new AbortController();
const atExit = new Set<() => void>();
process.on('exit', () => {
	for (const action of atExit) action();
});
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => controller.abort());
process.on('SIGUSR2', () => {
	throw new Error('A mistake of ours.');
});

let nWords = 0;
let said: string[] = [];
function speak(): void {
	const segmentId = 200 + Math.floor(nWords / 18);
	said.push(words[nWords++ % words.length]!);
	const startMs = 600_000 + (segmentId - 200) * 5400;
	if (said.length === 18) {
		recorder.say(final(segmentId, said.join(' '), startMs));
		said = [];
	} else {
		recorder.open(segmentId, said.join(' '), startMs);
	}
}
if (wordMs !== '0') {
	setInterval(speak, Number(wordMs));
	setInterval(() => {
		const level = -30 + ((nWords * 7) % 23);
		recorder.change({
			tapeMs: 600_000 + nWords * Number(wordMs),
			levelDb: level,
			peakDb: level + 5,
			rtf: 0.3 + (nWords % 5) / 50,
		});
	}, 1000);
}

const end = await showLive(recorder.client, {
	stdin: process.stdin,
	stdout: process.stdout,
	env: process.env,
	signal: controller.signal,
	atExit(action) {
		atExit.add(action);
		return () => atExit.delete(action);
	},
	look: {theme: theme as ThemeName, textSize: 'normal'},
	sessionsFolder: path.join(folder, 'sessions'),
	saveLook() {},
});
console.log(endSentences(end).join('\n'));
process.exit(0);
