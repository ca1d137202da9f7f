import '../test/recorder/own-home.js';

import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {runningRecorder} from '../src/recorder/recorder-record.js';
import {recorderCommand} from '../src/recorder/start-recorder.js';
import type {Segment} from '../src/session/segment.js';
import {finalsOf, minute, Watcher} from '../test/recorder/live-program.js';
import {type FileCall, traceFileCalls} from './file-calls.js';

/** A session that was recorded and watched while every file call of recorder and capture was noted. */
export type TracedSession = {
	folder: string;
	tape: string;
	journal: string;
	calls: FileCall[];
	/** Finals of the journal. */
	finals: Segment[];
};

/** A message to a viewer is at most as long. */
const textBytes = 65_536;

/** Records `tapeMs` of speech at `speed` times its pace, with a viewer attached. */
export async function traceSession(tapeMs: number, speed: number): Promise<TracedSession> {
	// Capture is the recorder's child: both are traced.
	const {calls} = traceFileCalls(recorderCommand(), process.env, textBytes);
	while (!(await runningRecorder())) await setTimeout(20);
	const watcher = await Watcher.attach();
	const device = `file:${minute}?speed=${speed}&then=loop`;
	const begun = await watcher.client.send({name: 'start', options: {device, latency: 'low'}});
	if (!begun.isDone || begun.folder === undefined) throw new Error(begun.message);
	while ((watcher.status?.session?.tapeMs ?? 0) < tapeMs) await setTimeout(50);
	const stopped = await watcher.client.send({name: 'stop'});
	if (!stopped.isDone) throw new Error(stopped.message);
	await watcher.client.send({name: 'exit'});
	watcher.close();
	const {folder} = begun;
	return {
		folder,
		tape: path.join(folder, 'audio.wav'),
		journal: path.join(folder, 'journal.jsonl'),
		calls: await calls(),
		finals: finalsOf(folder),
	};
}

/** When each final was shown to a viewer as saved, and when the sync ended that put it on the medium before: `undefined` where none did. */
export function shownFinals({
	calls,
	journal,
}: TracedSession): {segmentId: number; shownMs: number; syncedMs: number | undefined}[] {
	const writes = calls.filter(({name, file}) => /write/.test(name) && file === journal);
	const syncs = calls.filter(({name, file}) => /sync$/.test(name) && file === journal);
	const shown = calls
		.filter(({name, file}) => /^(?:write|send)/.test(name) && /^socket:/.test(file))
		.flatMap(({args, beganMs}) => savedFinals(args).map(segmentId => ({segmentId, shownMs: beganMs})));
	return shown.map(({segmentId, shownMs}) => {
		const written = writes.find(({args}) => finalOf(segmentId).test(args));
		const synced = written && syncs.find(({beganMs, endedMs}) => beganMs >= written.endedMs && endedMs <= shownMs);
		return {segmentId, shownMs, syncedMs: synced?.endedMs};
	});
}

/** Numbers of the finals that these bytes, as strace prints them, show as saved. */
const savedFinals = (printed: string): number[] =>
	printed
		.split('\\n')
		.filter(line => line.includes('\\"type\\":\\"entry\\"') && line.includes('\\"isUnsaved\\":false'))
		.flatMap(line => {
			const [, segmentId] = /\\"type\\":\\"final\\".*?\\"segmentId\\":(\d+)/.exec(line) ?? [];
			return segmentId === undefined ? [] : [Number(segmentId)];
		});

const finalOf = (segmentId: number) =>
	new RegExp(String.raw`\\"type\\":\\"final\\"[^\n]*?\\"segmentId\\":${segmentId}\b`);
