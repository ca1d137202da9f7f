import '../test/recorder/own-home.js';

import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {isDeepStrictEqual} from 'node:util';
import {runningCapture} from '../src/capture/capture-record.js';
import {connectRecorder} from '../src/recorder/recorder-client.js';
import {runningRecorder} from '../src/recorder/recorder-record.js';
import type {JournalEntry} from '../src/session/journal-entry.js';
import type {Segment} from '../src/session/segment.js';
import {tapeHeaderBytes} from '../src/session/tape-header.js';
import {type SshServer, startSshServer} from '../test/live/ssh-server.js';
import {
	exists,
	finalsOf,
	journalOf,
	killAll,
	minute,
	type Running,
	runProgram,
	startOverSsh,
	startProgram,
	until,
	Watcher,
} from '../test/recorder/live-program.js';
import type {Victim} from './victims.js';

/** What became of a session whose `victim` was killed. */
export type Round = {
	victim: Victim;
	/** So long the session was on. */
	killedAfterMs: number;
	nShown: number;
	/** Finals that a viewer was shown as final, and that the journal does not have, or has otherwise. */
	nLost: number;
	/** Of what was heard by then, so much is not on the tape. */
	missingMs: number;
	/** Until what died ran again; undefined where nothing has to. */
	restartMs: number | undefined;
	/** How wrong the length of the gap is that the journal has. */
	gapErrorMs: number | undefined;
	/** What else is wrong; empty where all is well. */
	problems: string[];
};

const rate = 16_000;
/** When the victim dies after the session began, and how long it goes on after that, and where nobody is attached. */
export type Timing = {leastMs: number; spreadMs: number; afterMs: number; lonelyMs: number};

let server: SshServer | undefined;
process.on('exit', () => server?.close());

/** An SSH server whose users have the folders of this process. */
const sshServer = async (): Promise<SshServer> => {
	const folders = ['DATA', 'STATE', 'CONFIG', 'CACHE'].map(name => `XDG_${name}_HOME`);
	const environment = Object.fromEntries(folders.map(name => [name, process.env[name]!]));
	server ??= await startSshServer({...environment, LANG: 'C.UTF-8'});
	return server;
};

/** Kills `victim` at a moment that `random` chooses, in a session of its own, and looks what is left. */
export async function killRound(victim: Victim, random: () => number, timing: Timing): Promise<Round> {
	const {leastMs, spreadMs, afterMs, lonelyMs} = timing;
	const killedAfterMs = Math.round(leastMs + random() * spreadMs);
	const problems: string[] = [];
	// The clock tells what is heard: whoever opens this microphone later hears what comes then.
	// Somewhere in the middle of the talk, so that captions become final at other moments each time.
	const firstMs = Date.now() - Math.round(random() * 35_000);
	const device = `file:${minute}?from=${firstMs}&then=loop`;
	const begun = await runProgram(['start', '--detach', '--latency', 'low', '--device', device]);
	if (begun.code !== 0) throw new Error(begun.stderr);
	const isOverSsh = victim === 'line';
	const viewer = isOverSsh ? startOverSsh(await sshServer(), []) : startProgram(['--plain']);
	const watcher = await Watcher.attach();
	const folder = watcher.status!.session!.folder;
	const isLonely = victim === 'lonely recorder';
	if (isOverSsh) await until('a screen', () => viewer.output().stdout.includes('REC'));
	await setTimeout(killedAfterMs);
	const before = {recorder: await runningRecorder(), capture: await runningCapture()};
	const shown = isLonely ? [...watcher.finals] : watcher.finals;
	if (isLonely) {
		viewer.child.kill('SIGKILL');
		watcher.close();
	}
	const line = isOverSsh ? familyOf((await sshServer()).lines()) : [];
	const pids = {
		viewer: [viewer.child.pid!],
		line: line.slice(0, 1),
		recorder: [before.recorder!.process.pid],
		'lonely recorder': [before.recorder!.process.pid],
		capture: [before.capture!.process.pid],
		everything: [viewer.child.pid!, before.recorder!.process.pid, before.capture!.process.pid],
	}[victim];
	const killedMs = Date.now();
	for (const pid of pids) process.kill(pid, 'SIGKILL');

	let restartMs: number | undefined;
	if (victim.endsWith('recorder')) {
		await until('another recorder', async () => {
			const found = await runningRecorder();
			return found !== undefined && found.process.pid !== before.recorder!.process.pid;
		});
		restartMs = Date.now() - killedMs;
	}
	if (victim === 'everything') {
		watcher.close();
		await recovered(folder, problems);
	} else {
		await setTimeout(isLonely ? lonelyMs : afterMs);
		if (isOverSsh) await loggedInAgain(viewer, line, watcher.finals, problems);
		const stopped = await runProgram(['stop']);
		if (stopped.code !== 0) problems.push(`stop: ${stopped.stderr}${stopped.stdout}`);
		if (!isLonely) watcher.close();
		if (victim !== 'recorder' && !isLonely && (await runningRecorder())?.process.pid !== before.recorder!.process.pid) {
			problems.push('another recorder');
		}
	}

	const finals = finalsOf(folder);
	const shownFinals = isLonely ? shown : watcher.finals;
	const nLost = shownFinals.filter(
		segment =>
			!isDeepStrictEqual(
				segment,
				finals.find(({segmentId}) => segmentId === segment.segmentId),
			),
	).length;
	if (finals.some(({segmentId}, i) => segmentId !== i)) problems.push('finals are not in order');
	if (!existsSync(path.join(folder, 'transcript.md'))) problems.push('no transcript');
	const tape = tapeOnSource(folder);
	const killedSample = ((killedMs - firstMs) * rate) / 1000;
	const gaps = journalOf(folder).filter((entry): entry is Gap => entry.type === 'gap');
	let missingMs = 0;
	let gapErrorMs: number | undefined;
	if (victim === 'capture') {
		const [gap, ...others] = gaps;
		if (gap?.why !== 'capture' || others.length > 0) problems.push(`gaps: ${JSON.stringify(gaps)}`);
		const split = gap?.atSample ?? tape.samples.length / 2;
		missingMs = (1000 * (killedSample - tape.place(0) - split)) / rate;
		const backSample = tape.place(split);
		restartMs = (1000 * (backSample - killedSample)) / rate;
		const lostMs = (1000 * (backSample - tape.place(0) - split)) / rate;
		// A busy machine hands the first samples over late.
		gapErrorMs = gap && Math.abs(gap.lostMs - lostMs);
	} else {
		if (gaps.length > 0) problems.push(`gaps: ${JSON.stringify(gaps)}`);
		if (!tape.isWhole) problems.push('the tape is not what was heard');
		if (victim === 'everything') missingMs = (1000 * (killedSample - tape.place(0) - tape.samples.length / 2)) / rate;
	}
	const soxSamples = Number(execFileSync('soxi', ['-s', path.join(folder, 'audio.wav')], {encoding: 'utf8'}));
	if (soxSamples !== tape.samples.length / 2) problems.push(`sox finds ${soxSamples} samples`);
	await killAll();
	return {victim, killedAfterMs, nShown: shownFinals.length, nLost, missingMs, restartMs, gapErrorMs, problems};
}

type Gap = Extract<JournalEntry, {type: 'gap'}>;

/** Nothing of a broken line is left, and whoever logs in again reads all that was said. */
async function loggedInAgain(
	broken: Running,
	line: readonly number[],
	shown: readonly Segment[],
	problems: string[],
): Promise<void> {
	const {code} = await broken.ended;
	if (code !== 255) problems.push(`ssh ended with ${code}`);
	await until('the end of all that was behind the line', () => !line.some(exists));
	const viewer = startOverSsh(await sshServer(), ['--plain']);
	const unread = () => {
		const text = viewer.output().stdout.replace(/\s+/g, ' ');
		return shown.filter(segment => !text.includes(segment.text));
	};
	await until('what was said, over the next line', () => unread().length === 0);
	viewer.child.kill();
	await viewer.ended;
}

/** `pids`, whose children follow, and theirs. */
function familyOf(pids: readonly number[]): number[] {
	return pids.flatMap(pid => {
		const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
		return [pid, ...familyOf(children.map(Number))];
	});
}

/** The next `pi-caption` says what happened, and makes up for it. */
async function recovered(folder: string, problems: string[]): Promise<void> {
	const client = await connectRecorder({wants: 'events', starts: true});
	let notices: string[] = [];
	client.subscribe(event => {
		if (event.type === 'status' || event.type === 'snapshot') notices = event.status.notices;
	});
	await until('a recovery', () => notices.some(notice => notice.includes(folder)));
	if (!notices.some(notice => /broken off on .* it is saved/.test(notice))) problems.push(`notices: ${notices}`);
	client.close();
}

/** The samples of a session's tape, and where in the recording that was heard they stand. */
function tapeOnSource(folder: string) {
	const recording = readFileSync(minute);
	const data = recording.indexOf('data') + 8;
	// Sessions may be longer than it: then it is heard again.
	const heard = recording.subarray(data);
	const source = Buffer.concat([recording, heard, heard]);
	const wav = readFileSync(path.join(folder, 'audio.wav'));
	const samples = wav.subarray(tapeHeaderBytes);
	const place = (sample: number) => {
		// A tenth of a second: the same noise does not come twice.
		const found = source.indexOf(samples.subarray(2 * sample, 2 * sample + rate / 5), data);
		return (found - data) / 2;
	};
	const start = data + 2 * place(0);
	const isWhole = source.subarray(start, start + samples.length).equals(samples);
	return {samples, place, isWhole};
}
