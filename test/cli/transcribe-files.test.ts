import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {AudioError} from '../../src/audio/audio-error.js';
import {type TranscribeOptions, transcribeFiles} from '../../src/cli/transcribe-files.js';
import type {CaptionEvent} from '../../src/engine/client.js';
import {EngineError} from '../../src/engine/protocol.js';
import type {Segment} from '../../src/session/segment.js';
import {hostileTexts} from '../session/hostile-text.js';
import {spoken} from '../session/segments.js';
import {FakePipe, FakeTerminal} from '../ui/fake-terminal.js';
import {type FakeHost, fakeHost, modelsFolder, progress, type Script, temporaryFolder} from './fake-host.js';

const partial = (segment: Segment) => ({type: 'partial' as const, segment});
const final = (segment: Segment) => ({type: 'final' as const, segment});
const good = spoken(0, 500, 'Good morning.');
const shall = spoken(1, 3000, 'Shall we start?');

const talk: Script = [
	partial(spoken(0, 500, 'Good')),
	progress(1),
	final(good),
	progress(3),
	partial(shall),
	final(shall),
	progress(10),
];
const cutShort: Script = [final(good), progress(3), new AudioError('corrupt', 'talk.mp3 is corrupt after 0:03.')];
const talkText = 'Good morning.\nShall we start?\n';

const defaults: TranscribeOptions = {
	format: 'txt',
	isFormatGiven: false,
	withWords: false,
	asEvents: false,
	isPaced: false,
	latency: 'saver',
};

function transcribe(t: TestContext, host: FakeHost, files: string[], change: Partial<TranscribeOptions> = {}) {
	const options = {...defaults, modelsDir: modelsFolder(t), ...change};
	return transcribeFiles(files, {...options, isFormatGiven: change.format !== undefined}, host);
}

function assertNothingLeft(host: FakeHost): void {
	assert.equal(host.open.size, 0, 'an engine or a source is still open');
	assert.equal(host.atExitActions.size, 0, 'an action at exit is left');
}

/** A host whose first signal comes where `interrupt` stands in the script. */
function interruptedHost(before: Script, after: Script = []): FakeHost {
	const host = fakeHost({'talk.wav': [...before, () => host.controller.abort(), ...after]});
	return host;
}

test('a pipe gets the final text alone', async t => {
	const host = fakeHost({'talk.wav': talk});
	assert.equal(await transcribe(t, host, ['talk.wav']), 0);
	assert.deepEqual(host.texts(), {stdout: talkText, stderr: ''});
	assertNothingLeft(host);
});

test('a terminal gets the captions and what the demo model is worth', async t => {
	const terminal = new FakeTerminal();
	const host = fakeHost({'talk.wav': talk}, {stdout: terminal, stderr: terminal});
	const accuracy = [
		{source: 'a', words: 70, wrong: 49, substitutions: 40, insertions: 5, deletions: 4, isNewSpeaker: true},
		{source: 'b', words: 100, wrong: 10, substitutions: 10, insertions: 0, deletions: 0, isNewSpeaker: false},
	];
	const modelsDir = modelsFolder(t, ['embedded'], {accuracy});
	assert.equal(await transcribe(t, host, ['talk.wav'], {modelsDir}), 0);
	assert.deepEqual(terminal.lines, [
		'Demo model: about 7 of 10 words wrong for a new speaker.',
		'Good morning.',
		'Shall we start?',
	]);
});

test('several recordings have a header line each', async t => {
	const host = fakeHost({'a.wav': talk, 'b.wav': [final(good)]});
	assert.equal(await transcribe(t, host, ['a.wav', 'b.wav']), 0);
	assert.equal(host.texts().stdout, `== a.wav ==\n${talkText}\n== b.wav ==\nGood morning.\n`);
});

test('a recording that fails does not stop the others', async t => {
	const host = fakeHost({'a.wav': talk, 'b.wav': [final(good)]});
	assert.equal(await transcribe(t, host, ['a.wav', 'gone.wav', 'b.wav']), 1);
	assert.equal(host.texts().stdout, `== a.wav ==\n${talkText}\n== b.wav ==\nGood morning.\n`);
	assert.equal(host.texts().stderr, 'Cannot read gone.wav: there is no such file.\n');
	assertNothingLeft(host);
});

test('several recordings in JSON are one array, also when one fails', async t => {
	const host = fakeHost({'a.wav': talk, 'b.wav': cutShort});
	assert.equal(await transcribe(t, host, ['a.wav', 'gone.wav', 'b.wav'], {format: 'json'}), 1);
	const [a, b, ...others] = JSON.parse(host.texts().stdout);
	assert.deepEqual([a.source, a.isComplete, a.durationMs, a.segments.length], ['a.wav', true, 10_000, 2]);
	assert.deepEqual([b.source, b.isComplete, b.durationMs, b.segments.length], ['b.wav', false, 3000, 1]);
	assert.deepEqual(others, []);
});

test('captions before a failure are kept, and it is said once', async t => {
	const host = fakeHost({'talk.mp3': cutShort});
	assert.equal(await transcribe(t, host, ['talk.mp3']), 1);
	assert.deepEqual(host.texts(), {stdout: 'Good morning.\n', stderr: 'talk.mp3 is corrupt after 0:03.\n'});
	assertNothingLeft(host);
});

test('an engine that fails is one sentence', async t => {
	const host = fakeHost({'talk.wav': [new EngineError('failed', 'The engine stopped.')]});
	assert.equal(await transcribe(t, host, ['talk.wav']), 1);
	assert.deepEqual(host.texts(), {stdout: '', stderr: 'The engine stopped.\n'});
});

test('warnings of a source are said once, on standard error', async t => {
	const host = fakeHost({'odd.wav': talk});
	assert.equal(await transcribe(t, host, ['odd.wav']), 0);
	assert.deepEqual(host.texts(), {stdout: talkText, stderr: 'odd.wav is odd.\n'});
});

test('a model that was started anew is said once, with the time', async t => {
	const anew = (seconds: number): CaptionEvent => ({...progress(seconds), restarts: 1}) as CaptionEvent;
	const host = fakeHost({'talk.wav': [final(good), progress(3), anew(75), anew(76)]});
	assert.equal(await transcribe(t, host, ['talk.wav']), 0);
	assert.equal(host.texts().stderr, 'The model wrote no word of the speech before 1:15 and was started anew there.\n');
});

test('an interruption keeps what was captioned and skips the other recordings', async t => {
	const host = interruptedHost([final(good), progress(3)], [final(shall)]);
	assert.equal(await transcribe(t, host, ['talk.wav', 'gone.wav']), 130);
	assert.deepEqual(host.texts(), {
		stdout: '== talk.wav ==\nGood morning.\n',
		stderr: 'Interrupted at 0:03 of talk.wav.\n',
	});
	assertNothingLeft(host);
});

test('an interruption while a recording is being opened ends at once', async t => {
	const host = fakeHost({});
	host.openAudio = () => {
		host.controller.abort();
		return new Promise(() => {});
	};
	assert.equal(await transcribe(t, host, ['-']), 130);
	assert.deepEqual(host.texts(), {stdout: '', stderr: 'Interrupted.\n'});
	assertNothingLeft(host);
});

test('a reader that is gone ends everything quietly', async t => {
	const gone = Object.assign(new Error('write EPIPE'), {code: 'EPIPE'});
	const stdout = new FakePipe(text => (text.includes('Good') ? gone : undefined));
	const host = fakeHost({'a.wav': talk, 'b.wav': talk}, {stdout});
	assert.equal(await transcribe(t, host, ['a.wav', 'b.wav']), 0);
	assert.deepEqual(host.texts(), {stdout: '== a.wav ==\nGood morning.\n', stderr: ''});
	assertNothingLeft(host);
});

test('captions that a full standard output does not take go to standard error', async t => {
	const full = Object.assign(new Error('write ENOSPC'), {code: 'ENOSPC'});
	const stdout = new FakePipe(text => (text.includes('Good') ? full : undefined));
	const host = fakeHost({'talk.wav': talk}, {stdout});
	assert.equal(await transcribe(t, host, ['talk.wav'], {format: 'srt'}), 1);
	assert.match(host.texts().stdout, /Good morning/);
	assert.equal(
		host.texts().stderr,
		'Cannot write to standard output: no space is left on the device; what it did not take follows here.\nShall we start?\n',
	);
});

test('an output file gets its name when it is complete, and nothing else is left', async t => {
	const folder = temporaryFolder(t);
	const output = path.join(folder, 'talk.srt');
	const host = fakeHost({
		'talk.wav': [() => assert.ok(!existsSync(output)), ...talk, () => assert.ok(!existsSync(output))],
	});
	assert.equal(await transcribe(t, host, ['talk.wav'], {format: 'srt', output}), 0);
	assert.match(readFileSync(output, 'utf8'), /^1\n00:00:00,500 --> /);
	assert.deepEqual(readdirSync(folder), ['talk.srt']);
	assert.deepEqual(host.texts(), {stdout: '', stderr: ''});
	assertNothingLeft(host);
});

test('an interrupted output file is kept under its name', async t => {
	const folder = temporaryFolder(t);
	const output = path.join(folder, 'talk.txt');
	const host = interruptedHost([final(good), progress(3)]);
	assert.equal(await transcribe(t, host, ['talk.wav'], {output}), 130);
	assert.equal(readFileSync(output, 'utf8'), 'Good morning.\n');
	assert.deepEqual(readdirSync(folder), ['talk.txt']);
	assert.equal(host.texts().stderr, `Interrupted at 0:03 of talk.wav; what was captioned so far is in ${output}.\n`);
});

test('an interruption never replaces an earlier transcript', async t => {
	const folder = temporaryFolder(t);
	const output = path.join(folder, 'talk.txt');
	writeFileSync(output, 'the whole talk\n');
	writeFileSync(path.join(folder, 'talk.partial.txt'), 'an earlier part\n');
	const host = interruptedHost([final(good), progress(3)]);
	assert.equal(await transcribe(t, host, ['talk.wav'], {output}), 130);
	assert.equal(readFileSync(output, 'utf8'), 'the whole talk\n');
	assert.equal(readFileSync(path.join(folder, 'talk.partial-2.txt'), 'utf8'), 'Good morning.\n');
	assert.match(host.texts().stderr, /is in .*talk\.partial-2\.txt\.\n$/);
	assert.equal(readdirSync(folder).length, 3);
});

test('a recording without one caption before it failed leaves no file', async t => {
	const folder = temporaryFolder(t);
	const host = fakeHost({'talk.wav': [new AudioError('corrupt', 'talk.wav is corrupt.')]});
	assert.equal(await transcribe(t, host, ['talk.wav'], {format: 'md', output: path.join(folder, 'talk.md')}), 1);
	assert.deepEqual(readdirSync(folder), []);
	assert.equal(host.texts().stderr, 'talk.wav is corrupt.\n');
});

test('captions are kept when the process ends in the middle', async t => {
	const folder = temporaryFolder(t);
	const output = path.join(folder, 'talk.txt');
	const host = fakeHost({
		'talk.wav': [
			final(good),
			() => {
				for (const action of host.atExitActions) action();
				assert.equal(readFileSync(output, 'utf8'), 'Good morning.\n');
			},
		],
	});
	await transcribe(t, host, ['talk.wav'], {output});
	assert.deepEqual(readdirSync(folder), ['talk.txt']);
});

test('captions that an output file does not take are shown instead', {
	skip: !existsSync('/dev/full') && 'there is no /dev/full',
}, async t => {
	const host = fakeHost({'talk.wav': talk});
	assert.equal(await transcribe(t, host, ['talk.wav'], {format: 'vtt', output: '/dev/full'}), 1);
	assert.deepEqual(host.texts(), {
		stdout: talkText,
		stderr:
			'Cannot write /dev/full: no space is left on the device; the captions that it did not take are shown instead.\n',
	});
});

test('an output that cannot be made is one sentence', async t => {
	const output = path.join(temporaryFolder(t), 'no', 'such', 'talk.txt');
	const host = fakeHost({'talk.wav': talk});
	assert.equal(await transcribe(t, host, ['talk.wav'], {output}), 1);
	assert.deepEqual(host.texts(), {stdout: '', stderr: `Cannot write ${output}: no such file or folder.\n`});
	assertNothingLeft(host);
});

test('with an output file a terminal still shows the captions', async t => {
	const terminal = new FakeTerminal();
	const host = fakeHost({'talk.wav': talk}, {stdout: terminal, stderr: terminal});
	await transcribe(t, host, ['talk.wav'], {format: 'srt', output: path.join(temporaryFolder(t), 'talk.srt')});
	assert.deepEqual(terminal.lines, ['Good morning.', 'Shall we start?']);
});

test('several recordings go into a folder, each under its own name', async t => {
	const folder = path.join(temporaryFolder(t), 'new');
	const host = fakeHost({'a/talk.wav': talk, 'b/talk.mp3': talk, '-': [final(good)]});
	assert.equal(await transcribe(t, host, ['a/talk.wav', 'b/talk.mp3', '-'], {format: 'vtt', output: folder}), 0);
	assert.deepEqual(readdirSync(folder), ['standard-input.vtt', 'talk-2.vtt', 'talk.vtt']);
});

test('events are one JSON object a line', async t => {
	const host = fakeHost({'talk.wav': talk});
	assert.equal(await transcribe(t, host, ['talk.wav'], {asEvents: true, withWords: true}), 0);
	const events = host
		.texts()
		.stdout.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));
	assert.deepEqual(
		events.map(event => event.type),
		['partial', 'progress', 'final', 'progress', 'partial', 'final', 'progress'],
	);
	assert.ok(events.every(event => event.source === 'talk.wav'));
	assert.deepEqual(events[1], {
		type: 'progress',
		source: 'talk.wav',
		positionMs: 1000,
		durationMs: 10_000,
		computeMs: 50,
		rtf: 0.05,
	});
	assert.deepEqual(events[2], {type: 'final', source: 'talk.wav', ...good});
});

test('events and an output file go together', async t => {
	const output = path.join(temporaryFolder(t), 'talk.txt');
	const host = fakeHost({'talk.wav': talk});
	assert.equal(await transcribe(t, host, ['talk.wav'], {asEvents: true, format: 'txt', output}), 0);
	assert.equal(readFileSync(output, 'utf8'), talkText);
	assert.equal(host.texts().stdout.trimEnd().split('\n').length, talk.length);
});

test('threads and the rate of raw PCM reach engine and audio, the rate only for standard input', async t => {
	const host = fakeHost({'talk.wav': talk, '-': talk});
	await transcribe(t, host, ['talk.wav', '-'], {threads: 1, rawRate: 44_100});
	assert.deepEqual(host.asked, {threads: [1, 1], framesPerCall: [4, 4], rawRates: [undefined, 44_100]});
});

test('a package whose model.json is damaged is refused', async t => {
	const modelsDir = modelsFolder(t);
	writeFileSync(path.join(modelsDir, 'embedded', 'model.json'), '{');
	await assert.rejects(transcribe(t, fakeHost({}), ['talk.wav'], {modelsDir}), {
		name: 'EngineError',
		code: 'bad-package',
	});
});

const wrongUsage = (title: string, files: string[], change: Partial<TranscribeOptions>, message: RegExp) =>
	test(title, async t => {
		await assert.rejects(transcribe(t, fakeHost({'talk.wav': talk}), files, change), {name: 'UsageError', message});
	});

wrongUsage(
	'an unknown model is wrong usage and lists what is known',
	['talk.wav'],
	{model: 'big'},
	/no model `big`; known here: embedded /,
);
wrongUsage('words have no place in srt', ['talk.wav'], {format: 'srt', withWords: true}, /--words has no place in srt/);
wrongUsage('words have no place in md', ['talk.wav'], {format: 'md', withWords: true}, /--words has no place in md/);
wrongUsage('several recordings have no common vtt', ['a.wav', 'b.wav'], {format: 'vtt'}, /--output FOLDER/);
wrongUsage(
	'events take the place of a format',
	['talk.wav'],
	{format: 'srt', asEvents: true},
	/--json takes the place of --format/,
);
wrongUsage('a rate without standard input is wrong usage', ['talk.wav'], {rawRate: 8000}, /--rate is for raw PCM/);
wrongUsage('standard input can be read once', ['-', '-'], {}, /only once/);

test('a keyboard is no recording', async t => {
	const host = Object.assign(fakeHost({}), {isStdinTerminal: true});
	await assert.rejects(transcribe(t, host, ['-']), {name: 'UsageError', message: /Standard input is the keyboard/});
});

test('a transcript never overwrites a recording', async t => {
	const folder = temporaryFolder(t);
	const recording = path.join(folder, 'talk.txt');
	writeFileSync(recording, 'RIFF');
	mkdirSync(path.join(folder, 'sub'));
	for (const output of [recording, path.join(folder, 'sub', '..', 'talk.txt'), folder]) {
		await assert.rejects(transcribe(t, fakeHost({}), [recording], {output}), {
			name: 'UsageError',
			message: /would overwrite the recording/,
		});
	}
	assert.equal(readFileSync(recording, 'utf8'), 'RIFF');
});

test('several recordings need a folder, not a file', async t => {
	const output = path.join(temporaryFolder(t), 'all.txt');
	writeFileSync(output, '');
	await assert.rejects(transcribe(t, fakeHost({}), ['a.wav', 'b.wav'], {output}), {
		name: 'UsageError',
		message: /need a folder/,
	});
});

test('hostile captions and names reach neither terminal nor pipe nor message', async t => {
	const name = 'talk\x1b[2J\n\u202e.wav';
	const script: Script = [
		...hostileTexts.map((text, i) => final(spoken(i, i * 1000, text))),
		new AudioError('corrupt', `${name} is corrupt:\x1b]0;x\x07 bad\nheader.`),
	];
	for (const change of [
		{},
		{withWords: true},
		{format: 'vtt'},
		{format: 'srt'},
		{format: 'md'},
		{format: 'json'},
		{asEvents: true},
	] as const) {
		const host = fakeHost({[name]: script});
		assert.equal(await transcribe(t, host, [name], change), 1);
		const {stdout, stderr} = host.texts();
		assert.doesNotMatch(stdout, /[^\n\t\P{Cc}]|[\u202a-\u202e\u2066-\u2069]/u);
		assert.equal(stderr, 'talk .wav is corrupt: bad header.\n');
	}
	const host = fakeHost({[name]: [() => host.controller.abort()]});
	await transcribe(t, host, [name]);
	assert.equal(host.texts().stderr, 'Interrupted at 0:00 of talk .wav.\n');
});

test('hostile texts of a model.json reach no transcript', async t => {
	for (const text of hostileTexts.filter(text => text.length <= 2000)) {
		for (const format of ['md', 'vtt'] as const) {
			const host = fakeHost({'talk.wav': talk});
			const code = await transcribe(t, host, ['talk.wav'], {
				format,
				modelsDir: modelsFolder(t, ['embedded'], {name: text}),
			});
			assert.equal(code, 0);
			assert.doesNotMatch(host.texts().stdout, /[^\n\P{Cc}]|[\u202a-\u202e\u2066-\u2069]|<script|<img/u);
		}
	}
});

test('a latency is so many frames in a call', async t => {
	for (const [latency, frames] of [
		['low', 1],
		['balanced', 2],
		['saver', 4],
	] as const) {
		const host = fakeHost({'talk.wav': talk});
		await transcribe(t, host, ['talk.wav'], {latency});
		assert.deepEqual(host.asked.framesPerCall, [frames]);
	}
});
