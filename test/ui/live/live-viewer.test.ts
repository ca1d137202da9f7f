import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import type {JournalEntry} from '../../../src/session/journal-entry.js';
import {createKeymap, type Mode} from '../../../src/ui/live/keymap.js';
import {contentOf, type LiveState} from '../../../src/ui/live/live-state.js';
import {createLiveViewer, type LiveServices} from '../../../src/ui/live/live-viewer.js';
import {screenMarks} from '../../../src/ui/live/marks.js';
import {temporaryFolder} from '../../temporary-folder.js';
import {entries, FakeRecorder, final, statusOf} from './fake-recorder.js';

const captions = (from: number, to: number) =>
	Array.from({length: to - from}, (_, i) => final(from + i, `Caption ${from + i}.`, (from + i) * 3000));
const texts = (state: LiveState) => contentOf(state).items.map(({text}) => text);

/** A viewer of a recorder in this process. `rang` counts bells. */
function attach(
	t: TestContext,
	{history = captions(0, 60), services}: {history?: JournalEntry[]; services?: Partial<LiveServices>} = {},
) {
	const sessionsFolder = temporaryFolder(t);
	const recorder = new FakeRecorder(path.join(sessionsFolder, '2026-11-25_09-30-00_aaaa'), history);
	const {keymap} = createKeymap();
	const counts = {rang: 0};
	const viewer = createLiveViewer({
		client: recorder.client,
		keymap,
		look: {theme: 'plain', textSize: 'normal'},
		marks: screenMarks(true),
		screen: {columns: 80, rows: 24},
		sessionsFolder,
		services: {
			saveLook() {},
			readGauges: () => undefined,
			ring: () => counts.rang++,
			repaint() {},
			...services,
		},
	});
	t.after(viewer.leave);
	return {
		viewer,
		recorder,
		counts,
		sessionsFolder,
		press: (...keys: string[]) => {
			for (const key of keys) viewer.pressAll([{key, text: key.length === 1 ? key : ''}]);
		},
		type: (text: string) => {
			viewer.pressAll([...text].map(character => ({key: character === ' ' ? 'space' : character, text: character})));
		},
		/** Resolves when the state is so. */
		until: (what: (state: LiveState) => boolean) =>
			new Promise<void>((resolve, reject) => {
				const timer = setTimeout(
					() => reject(new Error(`Not so: ${what}\n${JSON.stringify(viewer.state, undefined, 1)}`)),
					20_000,
				);
				const check = () => {
					if (!what(viewer.state)) return;
					clearTimeout(timer);
					unsubscribe();
					resolve();
				};
				const unsubscribe = viewer.subscribe(check);
				check();
			}),
	};
}

/** A stopped session on the disk. */
function writeSession(sessionsFolder: string, id: string, title: string, journal: JournalEntry[]): string {
	const folder = path.join(sessionsFolder, id);
	mkdirSync(folder, {recursive: true});
	writeFileSync(
		path.join(folder, 'session.json'),
		JSON.stringify({formatVersion: 1, id, title, startedAt: '2026-11-24T10:00:00.000Z', state: 'stopped'}),
	);
	writeFileSync(path.join(folder, 'journal.jsonl'), journal.map(entry => `${JSON.stringify(entry)}\n`).join(''));
	return folder;
}

test('what is on the disk and what comes make one list, each entry once', async t => {
	const {viewer, recorder, until} = attach(t);
	recorder.say(...captions(60, 63));
	await until(state => state.history.items.length === 63);
	recorder.sayUnsaved(final(63, 'Caption 63.', 189_000));
	assert.deepEqual(
		texts(viewer.state),
		Array.from({length: 64}, (_, i) => `Caption ${i}.`),
	);
	recorder.write(final(63, 'Caption 63.', 189_000));
	recorder.emit({type: 'saved', segmentIds: [63]});
	await until(state => state.history.items.length === 64 && state.pending.length === 0);
});

test('a meeting of hours is read through with a bounded part of it in memory', async t => {
	const {viewer, press, until} = attach(t, {history: captions(0, 6000)});
	await until(state => state.history.isAtEnd && state.history.items.length > 0);
	press('home');
	await until(state => texts(state)[0] === 'Caption 0.');
	const seen = new Set<string>();
	for (let n = 0; n < 2000 && viewer.state.anchor; n++) {
		const {block} = viewer.state.anchor;
		for (const {text} of viewer.state.history.items.slice(block, block + 18)) seen.add(text);
		assert.ok(viewer.state.history.items.length <= 2000);
		const before = viewer.state;
		press('pagedown');
		// Waits for a page where that was the end of what is loaded.
		if (viewer.state === before || viewer.state.anchor?.block === before.anchor?.block)
			await until(state => state !== before);
		await new Promise(setImmediate);
	}
	assert.equal(viewer.state.anchor, undefined);
	await until(state => state.history.isAtEnd);
	for (const {text} of viewer.state.history.items) seen.add(text);
	assert.equal(seen.size, 6000);
});

test('a journal that cannot be read says so, and what comes is shown', async t => {
	const {viewer, recorder, until} = attach(t);
	await until(state => state.history.items.length === 60);
	const folder = path.join(path.dirname(recorder.folder), 'gone');
	recorder.emit({type: 'snapshot', status: statusOf(folder), journalBytes: 0});
	await until(state => /cannot be read/.test(state.message ?? ''));
	recorder.emit({type: 'entry', entry: final(0, 'One.', 0), isUnsaved: false});
	assert.deepEqual(texts(viewer.state), ['One.']);
});

test('n and p go from match to match', async t => {
	const {viewer, press, type, until} = attach(t);
	await until(state => state.history.items.length === 60);
	const match = () => viewer.state.history.items.find(({atByte}) => atByte === viewer.state.matchByte)?.text;
	press('/');
	type('caption 4');
	press('return');
	await until(() => match() === 'Caption 49.');
	press('p');
	await until(() => match() === 'Caption 48.');
	press('n');
	await until(() => match() === 'Caption 49.');
	press('n');
	await until(state => /No later match/.test(state.message ?? ''));
	press('/');
	press('ctrl+u');
	type('nothing like it');
	press('return');
	await until(state => /No .*match for “nothing like it”/.test(state.message ?? ''));
});

test('a new warning rings once, however its figures change', async t => {
	const {recorder, counts} = attach(t);
	recorder.change({isBehind: true, lagMs: 5000});
	recorder.change({isBehind: true, lagMs: 65_000});
	assert.equal(counts.rang, 1);
	recorder.change({isBehind: true, lagMs: 65_000, isInputSilent: true});
	assert.equal(counts.rang, 2);
	recorder.change({isBehind: false, isInputSilent: false});
	recorder.change({isBehind: true, lagMs: 5000});
	assert.equal(counts.rang, 3);
});

test('r does what the state asks for', async t => {
	const {recorder, press} = attach(t);
	for (const [state, command] of [
		['recording', {name: 'pause'}],
		['paused', {name: 'resume'}],
		['idle', {name: 'start', options: {}}],
		['stopping', undefined],
	] as const) {
		recorder.commands.length = 0;
		recorder.change({}, state);
		press('r');
		await new Promise(setImmediate);
		assert.deepEqual(recorder.commands, command ? [command] : []);
	}
});

test('a paste is text where text is typed, and nothing elsewhere', t => {
	const {viewer, recorder, press, type} = attach(t);
	type('quality');
	assert.equal(viewer.state.mode, 'captions');
	press('N');
	type('quality');
	assert.equal(viewer.state.typed, 'quality');
	press('escape', 'q');
	type('yyyy');
	assert.deepEqual(recorder.commands, [{name: 'stop'}]);
});

test('a stop that fails is said, and the viewer stays', async t => {
	const {viewer, recorder, press, until} = attach(t);
	recorder.answer = () => ({isDone: false, message: 'The disk is full: make room and stop again.'});
	press('q', 'y');
	await until(state => state.message === 'The disk is full: make room and stop again.');
	assert.equal(viewer.state.mode, 'captions');
	recorder.answer = () => Promise.reject(new Error('The recorder went.'));
	press('q', 'y');
	await until(state => state.message === 'The recorder went.');
});

test('without a session q and Ctrl-C leave without a question', async t => {
	for (const key of ['q', 'ctrl+c', 'd']) {
		const {viewer, recorder, press} = attach(t);
		recorder.emit({type: 'status', status: {...statusOf(recorder.folder, {}, 'idle'), session: undefined}});
		press(key);
		assert.deepEqual(await viewer.ended, {folder: recorder.folder, isRecording: false, message: undefined});
	}
});

test('an export writes the file, and asks before it writes over one', async t => {
	const {viewer, recorder, sessionsFolder, press, type, until} = attach(t, {history: captions(0, 3)});
	writeFileSync(
		path.join(recorder.folder, 'session.json'),
		JSON.stringify({
			formatVersion: 1,
			id: path.basename(recorder.folder),
			title: 'Talk',
			startedAt: '2026-11-25T09:30:00.000Z',
			state: 'recording',
		}),
	);
	const file = path.join(sessionsFolder, 'out.txt');
	press('e', 'ctrl+u');
	type(path.join(sessionsFolder, 'out.md'));
	press('tab');
	assert.equal(viewer.state.typed, file);
	press('return');
	await until(state => state.message === `Exported to ${file}.`);
	assert.equal(readFileSync(file, 'utf8'), 'Caption 0.\nCaption 1.\nCaption 2.\n');
	writeFileSync(file, 'mine');
	press('e', 'ctrl+u');
	type(file);
	press('return');
	assert.match(viewer.state.message ?? '', /is there already/);
	assert.equal(readFileSync(file, 'utf8'), 'mine');
	press('return');
	await until(state => state.message === `Exported to ${file}.`);
	assert.notEqual(readFileSync(file, 'utf8'), 'mine');
});

test('an earlier session is listed, read, renamed and deleted, and the one that is on goes on meanwhile', async t => {
	const {viewer, recorder, sessionsFolder, press, type, until} = attach(t);
	const id = '2026-11-24_10-00-00_bbbb';
	const folder = writeSession(sessionsFolder, id, 'Old', [final(0, 'Words of yesterday.', 1000)]);
	const mode = (): Mode => viewer.state.mode;
	press('b');
	await until(state => state.browser.sessions?.length === 2);
	press('j', 'r', 'ctrl+u');
	type('Old q talk');
	press('return');
	await until(state => state.browser.sessions?.[1]?.title === 'Old q talk');
	assert.equal(mode(), 'sessions');
	press('return');
	await until(state => texts(state).includes('Words of yesterday.'));
	recorder.say(...captions(60, 62));
	assert.deepEqual(texts(viewer.state), ['Words of yesterday.']);
	press('escape');
	await until(state => texts(state).at(-1) === 'Caption 61.');
	assert.equal(viewer.state.viewed, undefined);
	press('b', 'x', 'escape');
	assert.ok(existsSync(folder));
	press('x', 'y');
	await until(state => state.browser.sessions?.length === 1);
	assert.ok(!existsSync(folder));
});

test('all sessions are searched, and a place that was found is shown', async t => {
	const {viewer, sessionsFolder, press, type, until} = attach(t);
	const journal = [...captions(0, 300), final(300, 'The budget is spent.', 900_000), entries.note(901_000, 'budget!')];
	writeSession(sessionsFolder, '2026-11-24_10-00-00_bbbb', 'Old', journal);
	writeSession(sessionsFolder, '2026-11-23_10-00-00_cccc', 'Older', [final(0, 'No budget at all.', 5000)]);
	press('b', '/');
	type('budget');
	press('return');
	await until(state => !state.browser.isSearching && state.browser.hits.length === 3);
	assert.deepEqual(
		viewer.state.browser.hits.map(({title, text}) => `${title}: ${text}`),
		['Old: The budget is spent.', 'Old: budget!', 'Older: No budget at all.'],
	);
	press('return');
	await until(state => state.matchByte !== undefined);
	assert.equal(viewer.state.viewed?.title, 'Old');
	assert.equal(viewer.state.query, 'budget');
	const {anchor, history} = viewer.state;
	const shown = history.items.slice(anchor!.block, anchor!.block + 15).map(({text}) => text);
	assert.ok(shown.includes('The budget is spent.'), shown.join());
});
