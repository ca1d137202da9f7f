import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {createCaptionView} from '../../src/ui/caption-view.js';
import type {Screen} from '../../src/ui/screen.js';
import {FakePipe, FakeTerminal} from './fake-terminal.js';

const utf8 = {LANG: 'en_GB.UTF-8'};
const progress = {positionMs: 42_000, durationMs: 123_000, computeMs: 1680, elapsedMs: 2000};
const progressLine = '0:42 of 2:03, RTF 0.04, 0:03 left';
const long =
	'it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness';

/** Standard output and standard error of one terminal. */
function oneTerminal(columns = 80, rows = 24) {
	const terminal = new FakeTerminal(columns, rows);
	return {terminal, screen: {stdout: terminal, stderr: terminal, env: utf8} satisfies Screen};
}

/** Passes `ms` of a view's time. */
function withClock(t: TestContext) {
	t.mock.timers.enable({apis: ['setTimeout']});
	return (ms: number) => t.mock.timers.tick(ms);
}

test('the open line is marked, with the progress under it', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	view.open('good');
	view.open('good morning');
	view.progress(progress);
	tick(200);
	assert.deepEqual(terminal.lines, ['› good morning…', progressLine]);
	view.close();
});

test('a final takes the place of the open line, plain', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	view.progress(progress);
	view.open('good morning');
	tick(200);
	view.open('');
	view.write('Good morning.\n');
	tick(200);
	assert.deepEqual(terminal.lines, ['Good morning.', progressLine]);
	view.open('shall');
	tick(200);
	assert.deepEqual(terminal.lines, ['Good morning.', '› shall…', progressLine]);
	view.close();
	assert.deepEqual(terminal.lines, ['Good morning.']);
});

test('a caption is cut at the same words while it is open and once it is final', t => {
	const tick = withClock(t);
	for (const columns of [20, 33, 80, 200]) {
		const {terminal, screen} = oneTerminal(columns);
		const view = createCaptionView(screen);
		view.open(long);
		tick(200);
		const open = terminal.lines;
		assert.ok(open.every(line => line.length <= Math.min(80, columns)));
		view.open('');
		view.write(`${long}\n`);
		tick(200);
		assert.deepEqual(
			terminal.lines,
			open.map(line => line.slice(2).replace('…', '')),
		);
		view.close();
	}
});

test('an open line higher than the terminal shows its newest rows', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal(20, 5);
	const view = createCaptionView(screen);
	view.open(long);
	view.progress({...progress, durationMs: undefined});
	tick(200);
	assert.deepEqual(terminal.lines, ['› was the age of', '  foolishness…', '0:42, RTF 0.04']);
	view.close();
});

test('there are at most five redraws a second, and the last state is shown', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	for (let i = 0; i < 1000; i++) {
		view.open(`word ${i}`);
		tick(1);
	}
	assert.ok(terminal.writes.length <= 6, `${terminal.writes.length} writes`);
	tick(200);
	assert.deepEqual(terminal.lines, ['› word 999…']);
	view.close();
});

test('what is final is shown in order when many captions come at once', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	for (let i = 0; i < 50; i++) {
		view.open(`caption ${i}`);
		view.write(`caption ${i}\n`);
	}
	view.open('');
	view.message('A warning.');
	tick(200);
	assert.deepEqual(terminal.lines, [...Array.from({length: 50}, (_, i) => `caption ${i}`), 'A warning.']);
	view.close();
});

test('closing shows what still waits', () => {
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	view.open('one');
	view.write('One.\n');
	view.write('Two.\n');
	view.close();
	view.close();
	assert.deepEqual(terminal.lines, ['One.', 'Two.']);
});

test('the cursor is never hidden', t => {
	const tick = withClock(t);
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	view.open('one');
	tick(200);
	view.close();
	assert.ok(!terminal.writes.join('').includes('\x1b[?25'));
});

test('a pipe gets final text alone, whole lines, without an escape sequence', async () => {
	const stdout = new FakePipe();
	const stderr = new FakePipe();
	const view = createCaptionView({stdout, stderr, env: utf8});
	view.open('it was');
	view.progress(progress);
	await view.write(`${long}\n`);
	view.message('A warning.');
	view.close();
	assert.equal(stdout.text, `${long}\n`);
	assert.equal(stderr.text, 'A warning.\n');
});

test('with output in a pipe the terminal shows progress but no captions', async () => {
	const stdout = new FakePipe();
	const stderr = new FakeTerminal();
	const view = createCaptionView({stdout, stderr, env: utf8});
	view.open('it was');
	view.progress(progress);
	await view.write('It was.\n');
	assert.equal(stdout.text, 'It was.\n');
	assert.deepEqual(stderr.lines, [progressLine]);
	view.close();
	assert.deepEqual(stderr.lines, []);
});

test('with messages in a file the open line is live on standard output', () => {
	const stdout = new FakeTerminal();
	const stderr = new FakePipe();
	const view = createCaptionView({stdout, stderr, env: utf8});
	view.open('it was');
	assert.deepEqual(stdout.lines, ['› it was…']);
	view.message('A warning.');
	view.progress(progress);
	view.close();
	assert.equal(stderr.text, 'A warning.\n');
});

for (const env of [
	{TERM: 'dumb', ...utf8},
	{INK_SCREEN_READER: 'true', ...utf8},
]) {
	test(`${Object.keys(env)[0]} gets finals and a plain progress line now and then, and no escape sequence`, async () => {
		let nowMs = 0;
		const terminal = new FakeTerminal();
		const view = createCaptionView({stdout: terminal, stderr: terminal, env}, {now: () => nowMs});
		for (; nowMs < 65_000; nowMs += 1000) {
			view.open('it was');
			view.progress(progress);
		}
		await view.write(`${long}\n`);
		view.close();
		assert.ok(!terminal.writes.join('').includes('\x1b'));
		assert.deepEqual(terminal.lines.slice(0, 2), [progressLine, progressLine]);
		assert.equal(terminal.lines.slice(2).join(' '), long);
	});
}

test('a locale without UTF-8 gets ASCII marks', () => {
	const {terminal, screen} = oneTerminal();
	for (const env of [{}, {LANG: 'C'}, {LC_ALL: 'POSIX', LANG: 'en_GB.UTF-8'}]) {
		const view = createCaptionView({...screen, env});
		view.open('it was');
		assert.deepEqual(terminal.lines, ['> it was...']);
		view.close();
	}
});

test('hostile text cannot leave its line', () => {
	const {terminal, screen} = oneTerminal();
	const view = createCaptionView(screen);
	view.open('\x1b[2J\x1b[H\x9b31m one\r\ntwo\x07 \u202egnp');
	view.message('bad \x1b]0;title\x07name\n.wav');
	view.close();
	assert.deepEqual(terminal.lines, ['bad name .wav']);
	for (const sequence of ['\x1b[2J', '\x1b]', '\x1b[H', '\x9b', '\u202e', '\x07']) {
		assert.ok(!terminal.writes.join('').includes(sequence));
	}
});

test('an output that is not taken rejects', async () => {
	const full = Object.assign(new Error('full'), {code: 'ENOSPC'});
	const view = createCaptionView({stdout: new FakePipe(() => full), stderr: new FakePipe(), env: utf8});
	await assert.rejects(view.write('lost\n'), {code: 'ENOSPC'});
});
