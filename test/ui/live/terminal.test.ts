import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {missing} from '../../cli/command.js';
import {temporaryFolder} from '../../temporary-folder.js';
import {terminal} from '../../tmux.js';

const skip = missing('tmux');
const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'live-program.js');

/** The live screen in a terminal, over a line that was there before; behind it, how the terminal was left. `wordMs` 0: nobody speaks. */
function live(t: TestContext, wordMs = 0, options: Parameters<typeof terminal>[2] = {}) {
	const folder = temporaryFolder(t);
	const viewer = `echo $$ > ${folder}/pid; exec ${process.execPath} ${program} ${folder} ${wordMs}`;
	const line = `echo before; sh -c "${viewer.replaceAll('$', '\\$')}"; code=$?; stty -a; (exit $code)`;
	const screen = terminal(t, line, {columns: 80, rows: 24, ...options});
	const commandsFile = path.join(folder, 'commands');
	return {
		...screen,
		shows: (pattern: RegExp) => screen.shows(pattern, {visibleOnly: true}),
		folder,
		kill: (signal: NodeJS.Signals) => process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), signal),
		commands: () =>
			existsSync(commandsFile)
				? readFileSync(commandsFile, 'utf8')
						.trim()
						.split('\n')
						.map(line => JSON.parse(line))
				: [],
		/** Resolves with the screen behind the viewer; asserts that the terminal is as it was before. */
		async leaves(): Promise<string> {
			const text = await screen.shows(/^ended with \d+$/m);
			assert.match(text, /^before$/m);
			assert.equal(screen.isAlternate(), false);
			assert.equal(screen.isCursorShown(), true);
			assert.match(text, / icanon/);
			assert.match(text, / echo /);
			return text;
		},
	};
}

const ready = /number 199[\s\S]*^r pause.*q stop$/m;

test('captions come on a screen of their own, and leaving it brings back what stood there', {skip}, async t => {
	const {shows, press, leaves, isAlternate, isCursorShown, folder, commands} = live(t, 40);
	const screen = await shows(/› it was .*…$/m);
	assert.match(screen, /^REC ● {2}10:\d\d/);
	assert.match(screen, /Caption number 19\d of what was said before\.$/m);
	assert.match(screen, /^r pause {2}m mark/m);
	assert.equal(isAlternate(), true);
	assert.equal(isCursorShown(), false);
	await shows(/^ +1\d:\d\d {3}it was the best of times it was the worst of times it was the age of\n +wisdom$/m);
	press('d');
	const after = await leaves();
	assert.match(after, /^Recording goes on: `pi-caption` shows it again/m);
	assert.ok(after.includes(folder));
	assert.match(after, /^ended with 0$/m);
	assert.deepEqual(commands(), []);
});

test('Ctrl-C asks, Escape stays, a second Ctrl-C leaves and recording goes on', {skip}, async t => {
	const {shows, press, leaves, commands} = live(t);
	await shows(ready);
	press('C-c');
	await shows(/^Leave\?\nd leave, recording goes on \(default\) · s stop and save · Esc stay$/m);
	press('Escape');
	await shows(ready);
	press('C-c');
	await shows(/^Leave\?/m);
	press('C-c');
	assert.match(await leaves(), /^Recording goes on/m);
	assert.deepEqual(commands(), []);
});

test('q asks, and stops only when it is answered', {skip}, async t => {
	const {shows, press, leaves, commands, folder} = live(t);
	await shows(ready);
	press('q');
	await shows(/^Stop the recording and save it\?$/m);
	press('Escape');
	await shows(ready);
	assert.deepEqual(commands(), []);
	press('q');
	await shows(/^Stop the recording/m);
	press('y');
	const after = await leaves();
	assert.match(after, /^Saved\.$/m);
	assert.ok(after.includes(path.join(folder, 'transcript.md')));
	assert.deepEqual(commands(), [{name: 'stop'}]);
});

test('keys pause, resume, mark and note, also when they come at once', {skip}, async t => {
	const {shows, press, type, leaves, commands} = live(t);
	await shows(ready);
	press('r');
	await shows(/^PAUSED ‖/m);
	press('r');
	await shows(/^REC ●/m);
	press('m');
	await shows(/^mark is done\.$/m);
	press('N');
	await shows(/^Note: ▏$/m);
	type('call  thém q');
	await shows(/^Note: call {2}thém q▏$/m);
	press('BSpace', 'BSpace', 'Enter', 'm', 'd');
	await leaves();
	assert.deepEqual(commands(), [
		{name: 'pause'},
		{name: 'resume'},
		{name: 'mark'},
		{name: 'note', text: 'call  thém'},
		{name: 'mark'},
	]);
});

test('the reader scrolls, searches and comes back', {skip}, async t => {
	const {shows, press, type} = live(t, 60);
	await shows(/number 199/);
	press('Home');
	const top = await shows(/^ +0:00 {3}Caption number 0 of/m);
	assert.match(top, /reading back · \d+ new lines? · End follows again|reading back · nothing new/);
	press('/');
	await shows(/^Search: ▏$/m);
	type('NUMBER 77 of');
	press('Enter');
	await shows(/^ +3:51 {3}Caption number 77 of/m);
	press('End');
	await shows(/^ +1\d:\d\d › /m);
	type('/');
	await shows(/^Search: NUMBER 77 of▏$/m);
	press('Escape');
	type('z');
	await shows(/^› /m);
});

test('a resized terminal shows the screen anew, whatever its size', {skip}, async t => {
	const {shows, resize, press, visible, leaves} = live(t);
	await shows(ready);
	const first = visible();
	for (const [columns, rows] of [
		[40, 12],
		[10, 3],
		[250, 70],
		[2, 2],
	] as const) {
		resize(columns, rows);
		if (columns >= 40) await shows(/^REC ● {2}10:00[\s\S]*number\s+199[\s\S]*r pause/m);
	}
	resize(80, 24);
	await shows(ready);
	const gauges = /^(in|RAM) .*$/gm;
	assert.equal(visible().replace(gauges, ''), first.replace(gauges, ''));
	press('d');
	await leaves();
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
	test(`${signal} leaves a healthy terminal, and recording goes on`, {skip}, async t => {
		const {shows, kill, leaves, commands} = live(t, 40);
		await shows(/› it was/);
		kill(signal);
		assert.match(await leaves(), /^Recording goes on/m);
		assert.deepEqual(commands(), []);
	});
}

test('a mistake of ours leaves a healthy terminal', {skip}, async t => {
	const {shows, kill, leaves} = live(t, 40, {rows: 50});
	await shows(/› it was/);
	kill('SIGUSR2');
	assert.match(await leaves(), /A mistake of ours\.[\s\S]*ended with 1$/m);
});

test('without UTF-8 the signs are ASCII, and NO_COLOR takes the colours', {skip}, async t => {
	const {shows, coloured} = live(t, 40, {environment: 'LC_ALL=C NO_COLOR=1 TERM=xterm-256color'});
	// biome-ignore lint/suspicious/noControlCharactersInRegex: everything else is looked for.
	assert.doesNotMatch(await shows(/> it was .*\.\.\.$/m), /[^\x00-\x7f]/);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
	assert.doesNotMatch(coloured(), /\x1b\[(?:[\d;]*;)?(?:[39][0-7]|[34]8|4[0-7])[;m]/);
});
