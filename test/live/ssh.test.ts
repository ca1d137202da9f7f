import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {wordErrors} from '../../src/session/word-errors.js';
import {VirtualMicrophone} from '../audio/virtual-microphone.js';
import {command} from '../cli/command.js';
import {projectRoot} from '../project-root.js';
import {terminal} from '../tmux.js';
import {startSshServer} from './ssh-server.js';

// The whole way, all of it real: a recording is played into a sound server, naudiodon hears it there, and somebody at the other end of an SSH line reads along.

const demo = path.join(projectRoot, 'models', 'demo');
const {reference} = JSON.parse(readFileSync(path.join(demo, 'demo.json'), 'utf8'))[0] as {reference: string};
/** The demo model gets one word in five of these voices wrong, and more where the sound server glitches. */
const mostWrong = 0.5;

/** A microphone, an SSH server, and the folders of a user who logs in. */
async function line(t: TestContext) {
	const home = mkdtempSync('/tmp/pc-');
	t.after(() => {
		for (const file of ['recorder.json', 'capture.json'])
			endProcess(path.join(home, 'state', 'pi-caption', 'run', file));
		rmSync(home, {recursive: true, force: true});
	});
	const microphone = await VirtualMicrophone.start();
	t.after(() => microphone.stop());
	const folders = ['DATA', 'STATE', 'CONFIG', 'CACHE'].map(name => [
		`XDG_${name}_HOME`,
		path.join(home, name.toLowerCase()),
	]);
	const server = await startSshServer({
		...microphone.env,
		...Object.fromEntries(folders),
		LANG: 'C.UTF-8',
		PI_CAPTION_MICROPHONE: 'naudiodon',
	});
	t.after(() => server.close());
	const login = (options?: {columns: number; rows: number}) =>
		terminal(t, `cd ${home}; ${server.login} "cd ${home}; ${process.execPath} ${command}"`, {
			columns: 80,
			rows: 24,
			...options,
		});
	const sessions = path.join(home, 'data', 'pi-caption', 'sessions');
	const session = () => path.join(sessions, readdirSync(sessions)[0]!);
	return {home, microphone, server, login, session};
}

/** Ends the process of a record, if a test left one behind. */
function endProcess(file: string): void {
	try {
		process.kill(JSON.parse(readFileSync(file, 'utf8')).process.pid, 'SIGKILL');
	} catch {
		// It ended by itself.
	}
}

/** The open line is closed, and there are captions of three sentences, give or take what the sound server swallowed. */
const threeFinals = /^(?![\s\S]* › )(?:[\s\S]*\n +\d+:\d\d {3}\w){2}/;

/** Holds that `text` has most of what was said. */
function assertSaid(text: string): void {
	const {wrong, words} = wordErrors(reference, text);
	assert.ok(wrong <= mostWrong * words, text);
}

/** The captions on a screen, without margins and rules. */
const captionsOf = (screen: string) =>
	screen
		.split('\n')
		.filter(row => /^ {3,}(\d+:\d\d )?/.test(row) && !row.includes('──'))
		.map(row =>
			row
				.replace(/^ +(\d+:\d\d)?/, '')
				.replace(/[›…]/g, '')
				.trim(),
		)
		.join(' ');

/** The captions of a Markdown transcript. */
const paragraphsOf = (markdown: string) =>
	markdown
		.replace(/^---[\s\S]*?\n---\n/, '')
		.split('\n')
		.filter(line => !/^[#>]|^\*[^*]/.test(line))
		.map(line => line.replace(/^\*\*[\d:]+\*\*/, ''))
		.join(' ');

test('words that a microphone hears are read over SSH, exported by key, and saved by key', async t => {
	const {home, microphone, login, session} = await line(t);
	const {shows, press, type, isAlternate} = login();
	await shows(/REC ●/, {visibleOnly: true});
	await shows(/microphone: /, {visibleOnly: true});
	await microphone.play(path.join(demo, 'synthetic.wav'));
	assertSaid(captionsOf(await shows(threeFinals, {visibleOnly: true})));
	assert.ok(isAlternate());

	press('m');
	await shows(/◆ mark/, {visibleOnly: true});
	press('N');
	type('bread & <b>butter</b>');
	press('Enter');
	await shows(/bread & <b>/, {visibleOnly: true});

	press('e');
	await shows(/Export as/, {visibleOnly: true});
	press('C-u');
	type(path.join(home, 'minutes.md'));
	press('Enter');
	await shows(/Exported to /, {visibleOnly: true});
	const minutes = readFileSync(path.join(home, 'minutes.md'), 'utf8');
	assert.match(minutes, /^---\ntitle: /);
	assertSaid(paragraphsOf(minutes));

	press('q');
	await shows(/y/, {visibleOnly: true});
	press('y');
	await shows(/ended with 0/);
	assert.equal(isAlternate(), false);
	const transcript = readFileSync(path.join(session(), 'transcript.md'), 'utf8');
	assertSaid(paragraphsOf(transcript));
	assert.match(transcript, /Note at \d\d:\d\d:\d\d: bread \\& /);
	assert.doesNotMatch(transcript, /<b>/);
});

test('a line that breaks ends nothing: whoever logs in again reads on, with all that was said meanwhile', async t => {
	const {microphone, server, login, session} = await line(t);
	const first = login();
	await first.shows(/microphone: /, {visibleOnly: true});
	const played = microphone.play(path.join(demo, 'synthetic.wav'));
	await first.shows(/ › \S/, {visibleOnly: true});
	for (const pid of server.lines()) process.kill(pid, 'SIGKILL');
	await first.shows(/ended with 255/);
	await played;
	const second = login({columns: 100, rows: 30});
	const screen = await second.shows(threeFinals, {visibleOnly: true});
	assert.match(screen, /REC ●/);
	assertSaid(captionsOf(screen));
	second.press('C-c');
	await second.shows(/stop and save/, {visibleOnly: true});
	second.press('s');
	await second.shows(/ended with 0/);
	assertSaid(paragraphsOf(readFileSync(path.join(session(), 'transcript.md'), 'utf8')));
});
