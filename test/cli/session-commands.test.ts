import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {safeText} from '../../src/session/safe-text.js';
import {claimSession} from '../../src/session/session-claim.js';
import {numberedEntries} from '../session/entries.js';
import {hostileTexts} from '../session/hostile-text.js';
import {spoken} from '../session/segments.js';
import {makeSession} from '../session/session-fixture.js';
import {temporaryFolder} from '../temporary-folder.js';
import {newUser, type User} from './session-host.js';

const wallMs = new Date(2026, 10, 25, 9, 30, 0).getTime();
const entries: JournalEntry[] = [
	{type: 'clock', atSample: 0, wallMs},
	{type: 'model', atSample: 0, wallMs, id: 'embedded', name: 'Embedded', quantisation: '8-bit', framesPerCall: 2},
	{type: 'final', atSample: 0, wallMs, segment: spoken(0, 1000, 'Good morning.')},
	{type: 'mark', atSample: 2000, wallMs},
	{type: 'final', atSample: 0, wallMs, segment: spoken(1, 3000, 'The budget is done.')},
];

/** A user with one stopped session; returns its folder too. */
async function withSession(user: User, title = 'Standup'): Promise<string> {
	return makeSession(user.sessionsFolder, {title, entries, record: {state: 'stopped'}});
}

test('without sessions, the list says so', async t => {
	const user = newUser(t);
	assert.deepEqual(
		{...(await user.run(['sessions'])), host: 0},
		{code: 0, stdout: 'No sessions yet.\n', stderr: '', host: 0},
	);
	assert.equal((await user.run(['sessions', '--json'])).stdout, '[]\n');
	const {code, stderr} = await user.run(['show', 'last']);
	assert.equal(code, 1);
	assert.match(stderr, /^There are no sessions in .* yet\.\n$/);
});

test('sessions are listed for people and for programs', async t => {
	const user = newUser(t);
	const id = path.basename(await withSession(user));
	await makeSession(user.sessionsFolder, {title: 'Later', startedAt: new Date(2099, 0, 1), seconds: 3700});
	const {stdout} = await user.run(['sessions']);
	assert.deepEqual(
		stdout.split('\n').map(line => line.replace(/^\S+/, '').trim().replace(/ +/g, ' ')),
		['LENGTH WORDS STATE TITLE', '1:01:40 0 interrupted Later', '1:00 6 stopped Standup', ''],
	);
	const list = JSON.parse((await user.run(['sessions', '--json'])).stdout);
	assert.equal(list.length, 2);
	assert.equal(list[1].id, id);
	assert.equal(list[1].nWords, 6);
});

test('a session is shown with clock times, marks and what is known of it', async t => {
	const user = newUser(t);
	await withSession(user);
	const {code, stdout} = await user.run(['show', 'standup']);
	assert.equal(code, 0);
	assert.match(
		stdout,
		/^Standup\n\nSession .*\nBegan +2026-11-25 09:30:00\nLength +1:00, 6 words, stopped\nModel +Embedded \(8-bit\)\n/,
	);
	assert.ok(stdout.endsWith('09:30:01  Good morning.\n09:30:02  [mark]\n09:30:03  The budget is done.\n'));
	const json = JSON.parse((await user.run(['show', 'last', '--json'])).stdout);
	assert.equal(json.segments[1].words.length, 4);
});

test('an export goes to standard output, into a file or into a folder', async t => {
	const user = newUser(t);
	const id = path.basename(await withSession(user));
	const folder = temporaryFolder(t);
	assert.match((await user.run(['export', 'last'])).stdout, /^---\ntitle: "Standup"/);
	const file = path.join(folder, 'a.srt');
	const {code, stdout} = await user.run(['export', 'last', '--format', 'srt', '--output', file]);
	assert.deepEqual({code, stdout}, {code: 0, stdout: ''});
	assert.match(readFileSync(file, 'utf8'), /^1\n00:00:01,000/);
	await user.run(['export', 'last', '--format', 'vtt', '--words', '--output', folder]);
	assert.ok(existsSync(path.join(folder, `${id}.vtt`)));
	assert.deepEqual(readdirSync(folder).length, 2);
});

test('an export that cannot be is one sentence', async t => {
	const user = newUser(t);
	await withSession(user);
	const wrong = await user.run(['export', 'last', '--format', 'srt', '--words']);
	assert.equal(wrong.code, 2);
	assert.match(wrong.stderr, /--words has no place in srt/);
	const missing = await user.run(['export', 'last', '--transcript', 'big-1']);
	assert.equal(missing.code, 1);
	assert.match(missing.stderr, /no transcript `big-1`; it has live/);
	const refused = await user.run(['export', 'last', '--output', '/proc/none/a.md']);
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /^Cannot write \/proc\/none\/a\.md/);
});

test('a session gets another title, in its transcript too', async t => {
	const user = newUser(t);
	const folder = await withSession(user);
	writeFileSync(path.join(folder, 'transcript.md'), 'as it was');
	const {code, stdout} = await user.run(['rename', 'last', '  Weekly\tmeeting\u001b[2J ']);
	assert.equal(code, 0);
	assert.match(stdout, /is now "Weekly meeting"\.\n$/);
	assert.match(readFileSync(path.join(folder, 'transcript.md'), 'utf8'), /^# Weekly meeting$/m);
	assert.match((await user.run(['sessions'])).stdout, /Weekly meeting/);
	const {code: failed, stderr} = await user.run(['rename', 'last', ' \u200b ']);
	assert.equal(failed, 1);
	assert.match(stderr, /needs at least one character/);
});

test('a session is deleted when the user says yes, and only then', async t => {
	const user = newUser(t);
	const folder = await withSession(user);
	const keyboard = (host: {isStdinTerminal: boolean}) => {
		host.isStdinTerminal = true;
	};
	for (const answer of ['', 'n', 'no', 'yesterday']) {
		const {code, stderr, host} = await user.run(['delete', 'last'], {answers: [answer]}, keyboard);
		assert.deepEqual({code, stderr}, {code: 1, stderr: 'Not deleted.\n'});
		assert.match(host.questions[0]!, /Delete .* "Standup" \(1:00, 6 words\) for good\? \[y\/N\] /);
	}
	assert.ok(existsSync(folder));
	const nobody = await user.run(['delete', 'last']);
	assert.equal(nobody.code, 2);
	assert.match(nobody.stderr, /add --yes/);
	assert.equal((await user.run(['delete', 'last'], {answers: [' Y']}, keyboard)).code, 0);
	assert.deepEqual(readdirSync(user.sessionsFolder), []);
});

test('what a process works on is neither deleted nor recovered nor captioned again', async t => {
	const user = newUser(t);
	const folder = await withSession(user);
	const giveUp = claimSession(folder, process.ppid);
	for (const args of [
		['delete', 'last', '--yes'],
		['redo', 'last', '--model', 'embedded'],
	]) {
		const {code, stderr} = await user.run(args);
		assert.equal(code, 1);
		assert.match(stderr, new RegExp(`Process ${process.ppid} works on session`));
	}
	const interrupted = await makeSession(user.sessionsFolder, {title: 'a', startedAt: new Date(2099, 0, 1)});
	claimSession(interrupted, process.ppid);
	const {code, stderr} = await user.run(['recover', 'last']);
	assert.equal(code, 1);
	assert.match(stderr, /works on session/);
	assert.match((await user.run(['recover'])).stdout, /No session was interrupted/);
	assert.ok(existsSync(folder));
	giveUp();
	assert.equal((await user.run(['delete', 'Standup', '--yes'])).code, 0);
});

test('what was said is found, and nothing found is told by the exit code', async t => {
	const user = newUser(t);
	const id = path.basename(await withSession(user));
	await withSession(user, 'Retro');
	const {code, stdout} = await user.run(['search', 'BUDGET', 'is']);
	assert.equal(code, 0);
	assert.equal(stdout.match(/ 09:30:03 {2}The budget is done\.\n/g)?.length, 2);
	const one = await user.run(['search', '--json', '--session', id, 'budget']);
	const hit = JSON.parse(one.stdout);
	assert.deepEqual([hit.sessionId, hit.text.slice(hit.from, hit.to), hit.atMs], [id, 'budget', 3000]);
	const nothing = await user.run(['search', 'zebra']);
	assert.deepEqual([nothing.code, nothing.stdout, nothing.stderr], [1, '', 'Nothing found.\n']);
});

test('settings are shown, set and unset', async t => {
	const user = newUser(t);
	const table = (await user.run(['config'])).stdout;
	assert.match(
		table,
		new RegExp(`^settings +${user.configFolder}/settings\\.json\nsessions +${user.sessionsFolder}\n`),
	);
	assert.match(table, /^latency +balanced \(default\)$/m);
	assert.equal((await user.run(['config', 'set', 'latency', 'saver'])).code, 0);
	assert.match((await user.run(['config'])).stdout, /^latency +saver$/m);
	const json = JSON.parse((await user.run(['config', '--json'])).stdout);
	assert.equal(json.settings.latency, 'saver');
	assert.deepEqual(json.isSet, ['latency', 'sessionsFolder']);
	assert.equal((await user.run(['config', 'unset', 'latency'])).code, 0);
	assert.match((await user.run(['config'])).stdout, /^latency +balanced \(default\)$/m);
	assert.equal(statSync(path.join(user.configFolder, 'settings.json')).mode & 0o777, 0o600);
});

test('a setting that cannot be is one sentence', async t => {
	const user = newUser(t);
	const bad = await user.run(['config', 'set', 'latency', 'fast']);
	assert.equal(bad.code, 1);
	assert.match(bad.stderr, /^`latency` .*it was given `fast`\.\n$/);
	for (const args of [['set', 'latency'], ['unset'], ['list'], ['unset', 'latency', 'low']]) {
		const {code, stderr} = await user.run(['config', ...args]);
		assert.equal(code, 2);
		assert.match(stderr, /config set KEY VALUE/);
	}
});

test('a broken settings file is said once and set aside', async t => {
	const user = newUser(t);
	writeFileSync(path.join(user.configFolder, 'settings.json'), '{');
	const {stderr} = await user.run(['config']);
	assert.match(stderr, /set aside as .*settings\.broken-/);
	assert.equal((await user.run(['config'])).stderr, '');
});

test('texts of others cannot reach the terminal as anything but text', async t => {
	const user = newUser(t);
	for (const [i, text] of hostileTexts.entries()) {
		await makeSession(user.sessionsFolder, {
			title: text.slice(0, 500),
			startedAt: new Date(2026, 0, 1 + i),
			importedFrom: text.slice(0, 1000),
			entries: [
				{type: 'note', atSample: 0, wallMs: 0, text: text.slice(0, 4000)},
				{type: 'final', atSample: 0, wallMs: 0, segment: {...spoken(0, 0, 'word'), text}},
			],
			seconds: 0,
		});
	}
	const ids = readdirSync(user.sessionsFolder);
	const outputs = [(await user.run(['sessions'])).stdout, (await user.run(['sessions', '--json'])).stdout];
	for (const id of ids) outputs.push((await user.run(['show', id])).stdout);
	outputs.push((await user.run(['search', 'a'])).stdout, (await user.run(['search', '--json', 'a'])).stdout);
	for (const output of outputs) {
		for (const line of output.split('\n')) assert.ok(safeText(line) === line, JSON.stringify(line.slice(0, 200)));
	}
	assert.equal(JSON.parse(outputs[1]!).length, ids.length);
});

test('every command of sessions has examples and exit codes in its help', async t => {
	const user = newUser(t);
	for (const name of [
		'sessions',
		'show',
		'export',
		'search',
		'rename',
		'delete',
		'recover',
		'redo',
		'import',
		'config',
	]) {
		const {code, stdout} = await user.run([name, '--help']);
		assert.equal(code, 0);
		assert.match(
			stdout,
			new RegExp(`Usage: pi-caption ${name}[\\s\\S]*Examples:\n  pi-caption ${name}[\\s\\S]*Exit codes: 0`),
		);
	}
});

test('a session that is damaged stops no list', async t => {
	const user = newUser(t);
	const folder = await makeSession(user.sessionsFolder, {title: 'a', entries: numberedEntries(3)});
	writeFileSync(path.join(folder, 'session.json'), '{');
	mkdirSync(path.join(user.sessionsFolder, '2026-01-01_00-00-00_abcd'));
	const {code, stdout} = await user.run(['sessions']);
	assert.equal(code, 0);
	assert.equal(stdout.match(/ damaged/g)?.length, 2);
	const shown = await user.run(['show', 'last']);
	assert.equal(shown.code, 1);
	assert.match(shown.stderr, /session\.json is damaged/);
});
