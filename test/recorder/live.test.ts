import './own-home.js';

import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {after, test} from 'node:test';
import {runningCapture} from '../../src/capture/capture-record.js';
import {
	finalsOf,
	journalOf,
	killAll,
	microphone,
	minute,
	runProgram,
	startProgram,
	textAndTimes,
	transcribed,
	Watcher,
} from './live-program.js';

after(killAll);

test('a session is recorded, captioned, shown and saved, and equals transcribe of its own tape', async () => {
	const begun = await runProgram([
		'start',
		'--detach',
		'--latency',
		'low',
		'--title',
		'A <talk>',
		'--device',
		microphone(minute),
	]);
	assert.equal(begun.code, 0, begun.stderr);
	assert.match(begun.stdout, /^Recording A <talk> in \/tmp\/pc-/);

	const viewer = startProgram(['--plain']);
	const watcher = await Watcher.attach();
	await watcher.heard(40_000);
	assert.equal((await runProgram(['mark'])).code, 0);
	assert.equal((await runProgram(['note', 'the', 'end'])).code, 0);
	const {folder} = watcher.status!.session!;
	const stopped = await runProgram(['stop']);
	assert.deepEqual([stopped.code, stopped.stdout], [0, `Saved: ${folder}/transcript.md\n`]);

	const finals = finalsOf(folder);
	assert.ok(finals.length >= 5);
	assert.deepEqual(textAndTimes(finals), textAndTimes(await transcribed(path.join(folder, 'audio.wav'))));
	assert.deepEqual(watcher.finals, finals);
	watcher.close();

	const shown = await viewer.ended;
	assert.equal(shown.code, 0);
	assert.ok(!shown.stdout.includes('\x1b'));
	const lines = shown.stdout.split('\n').filter(line => line !== '' && !line.startsWith('['));
	assert.deepEqual(
		lines,
		finals.map(({text}) => text),
	);
	assert.match(shown.stdout, /^\[A <talk>: this conversation is being recorded\]$/m);
	assert.match(shown.stdout, /^\[\d:\d\d mark\]$/m);
	assert.match(shown.stdout, /^\[\d:\d\d note: the end\]$/m);
	assert.match(shown.stderr, /Saved: .*transcript\.md/);

	const transcript = readFileSync(path.join(folder, 'transcript.md'), 'utf8');
	for (const {text} of finals) assert.ok(transcript.includes(text));
	for (const [file, mode] of [
		['', 0o700],
		['audio.wav', 0o600],
		['journal.jsonl', 0o600],
		['session.json', 0o600],
		['transcript.md', 0o600],
	] as const) {
		assert.equal(statSync(path.join(folder, file)).mode & 0o777, mode, file);
	}
	assert.deepEqual(journalOf(folder).at(-1)!.type, 'state');
	assert.equal(await runningCapture(), undefined);
});
