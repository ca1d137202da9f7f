import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {render} from 'ink-testing-library';
import {createElement} from 'react';
import type {RecorderStatus} from '../../../src/recorder/protocol.js';
import type {JournalEntry} from '../../../src/session/journal-entry.js';
import {safeText} from '../../../src/session/safe-text.js';
import {textWidth} from '../../../src/session/wrap-text.js';
import type {Gauges} from '../../../src/system/gauges.js';
import {captionItem} from '../../../src/ui/live/caption-item.js';
import {createKeymap} from '../../../src/ui/live/keymap.js';
import {LiveScreen} from '../../../src/ui/live/LiveScreen.js';
import {initialState, type LiveAction, type LiveState, reduce} from '../../../src/ui/live/live-state.js';
import {screenMarks} from '../../../src/ui/live/marks.js';
import {screenLines} from '../../../src/ui/live/screen-lines.js';
import {hostileTexts} from '../../session/hostile-text.js';
import {entries, final, statusOf} from './fake-recorder.js';

const folder = '/sessions/one';
const {keymap} = createKeymap();
const gauges: Gauges = {
	memory: {usedBytes: 1.23e9, totalBytes: 4.1e9},
	swap: {usedBytes: 6e6, totalBytes: 5e8, changeBytesPerSecond: 2e6},
	cpuShare: 0.34,
	program: {memoryBytes: 1.8e8, cpuCores: 1.2},
	majorFaultsPerSecond: 3,
	readBackBytesPerSecond: 120_000,
	isModelTooBig: false,
	temperatureC: 61.25,
	throttling: {now: [], before: ['under-voltage']},
};
const spoken = [
	'Good morning everybody and welcome.',
	'Before we start I would like to say a few words about the plan for the next three months and who does what.',
	'The first thing is the budget.',
];

type Scene = {
	columns?: number;
	rows?: number;
	status?: RecorderStatus;
	history?: JournalEntry[];
	open?: string;
	actions?: LiveAction[];
	isUtf8?: boolean;
	advice?: string;
};

function stateOf({columns = 80, rows = 24, status, history, open, actions = [], isUtf8 = true}: Scene): LiveState {
	const shown = history ?? spoken.map((text, i) => final(i, text, 700_000 + i * 8000));
	const items = shown.flatMap((entry, i) => {
		const item = captionItem(entry, 24_000);
		return item ? [{...item, atByte: i}] : [];
	});
	const page = {items, startByte: 0, endByte: shown.length, isAtEnd: true};
	const all: LiveAction[] = [
		{type: 'recorder', event: {type: 'snapshot', status: status ?? statusOf(folder), journalBytes: 0}},
		{type: 'page', where: 'last', folder, page, tapeRate: 24_000},
		...(open === undefined
			? []
			: [
					{
						type: 'recorder',
						event: {type: 'open', segment: {segmentId: 99, text: open, startMs: 724_000, endMs: 725_000}},
					} as const,
				]),
		...Array.from({length: 24}, (): LiveAction => ({type: 'second', gauges})),
		...actions,
	];
	return all.reduce(reduce, initialState({theme: 'plain', textSize: 'normal'}, screenMarks(isUtf8), {columns, rows}));
}

/** The frame that Ink renders, row by row. */
function frame(t: TestContext, scene: Scene): string[] {
	const {columns = 80, advice} = scene;
	const lines = screenLines(stateOf(scene), {keymap, advice});
	const {lastFrame, unmount} = render(createElement(LiveScreen, {lines, columns, theme: 'plain', hasColour: true}));
	t.after(unmount);
	return lastFrame()!
		.split('\n')
		.map(row => row.trimEnd());
}

/** A frame as it is written in a test: without the line feeds around it and the tabs before each row. */
const expected = (text: string) =>
	text
		.replace(/^\n|\n\t*$/g, '')
		.replace(/^\t+/gm, '')
		.split('\n');

test('the screen of 80 × 24', t => {
	assert.deepEqual(
		frame(t, {
			open: 'and the second thing is the house that we wanted to look at together before the end of this month',
		}),
		expected(`
		REC ●  12:05  USB Microphone · Moonshine base 8-bit











		  11:40   Good morning everybody and welcome.
		  11:48   Before we start I would like to say a few words about the plan for
		          the next three months and who does what.
		  11:56   The first thing is the budget.
		  12:04 › and the second thing is the house that we wanted to look at together
		          before the end of this month…


		in ████████··|· -18 dB peak -6 dB · RTF 0.42 ▃▃▃▃▃ · lag 0.8 s
		RAM 1.2/4.1 GB, ours 180 MB · CPU 34 %, ours 120 % of a core · 61 °C
		r pause  m mark  N note  / search  e export  ? help  d detach  q stop
		`),
	);
});

test('the screen of 40 × 12', t => {
	assert.deepEqual(
		frame(t, {columns: 40, rows: 12, open: 'and the second thing is the house'}),
		expected(`
		REC ●  12:05
		USB Microphone · Moonshine base 8-bit
		          plan for the next three
		          months and who does what.
		  11:56   The first thing is the
		          budget.
		  12:04 › and the second thing is the
		          house…

		in ██████|· -18 dB · RTF 0.42 ▃▃▃
		r pause  m mark  ? help  q stop
		`),
	);
});

const follows = ['reading back · nothing new · End follows again', 'reading back · 2 new lines · End follows again'];

test('scrolling back stops following and says how many lines are new, and what is read does not move', t => {
	const history = Array.from({length: 60}, (_, i) => final(i, `Caption ${i}.`, i * 3000));
	const back: LiveAction = {type: 'scroll', rows: -20};
	const before = frame(t, {history, actions: [back]});
	assert.equal(before.at(-4)!.trim(), follows[0]);
	const more = [60, 61].map(
		(id): LiveAction => ({
			type: 'recorder',
			event: {type: 'entry', entry: final(id, `Caption ${id}.`, id * 3000), isUnsaved: false},
		}),
	);
	const open: LiveAction = {
		type: 'recorder',
		event: {type: 'open', segment: {segmentId: 62, text: 'and an open line', startMs: 186_000, endMs: 187_000}},
	};
	const after = frame(t, {history, actions: [back, ...more, open]});
	assert.equal(after.at(-4)!.trim(), follows[1]);
	assert.deepEqual(after.slice(0, -4), before.slice(0, -4));
	assert.ok(before.includes('   1:12   Caption 24.'));
});

test('the newest line keeps its row while it wraps, when it becomes final, and when the next one begins', t => {
	const words = Array.from({length: 36}, (_, i) => `word${i}`);
	const top = (rows: string[], text: string) => rows.findIndex(row => row.includes(text));
	const places = new Set<number>();
	for (let n = 1; n <= words.length; n++) {
		places.add(top(frame(t, {open: words.slice(0, n).join(' ')}), 'word0'));
	}
	const text = words.join(' ');
	const done = final(99, text, 724_000);
	const said: LiveAction = {type: 'recorder', event: {type: 'entry', entry: done, isUnsaved: false}};
	const asFinal = frame(t, {open: text, actions: [said]});
	places.add(top(asFinal, 'word0'));
	const next: LiveAction = {
		type: 'recorder',
		event: {type: 'open', segment: {segmentId: 100, text: 'another', startMs: 730_000, endMs: 731_000}},
	};
	places.add(top(frame(t, {open: text, actions: [said, next]}), 'another'));
	assert.equal(places.size, 1);
	// What becomes final loses its signs and nothing else.
	const asOpen = frame(t, {open: text});
	assert.deepEqual(
		asFinal,
		asOpen.map(row => row.replace('› ', '  ').replace('…', '')),
	);
});

test('warnings are full-width words over the first rows, and move no caption', t => {
	const calm = frame(t, {});
	const warned = frame(t, {
		status: {
			...statusOf(folder, {isBehind: true, lagMs: 12_000, isInputSilent: true, disk: 'refused'}),
			notices: ['Linger is off: the microphone dies at logout.'],
		},
	});
	assert.deepEqual(warned.slice(0, 5), [
		'REC ●  12:05  BEHIND 12 s  USB Microphone · Moonshine base 8-bit',
		' DISK FULL OR FAILED: captions are unsaved, audio waits in memory',
		' NO INPUT: the microphone gives silence only',
		' BEHIND 12 s: nothing is lost, the captions catch up',
		' Linger is off: the microphone dies at logout.',
	]);
	assert.deepEqual(warned.slice(5, -3), calm.slice(5, -3));
});

test('the first captions can be scrolled out from under the warnings', t => {
	const history = Array.from({length: 60}, (_, i) => final(i, `Caption ${i}.`, i * 3000));
	const status = {...statusOf(folder, {isBehind: true}), notices: ['One.', 'Two.', 'Three.', 'Four.']};
	for (const [columns, rows] of [
		[80, 24],
		[40, 12],
		[30, 7],
	]) {
		const shown = frame(t, {history, status, columns, rows, actions: [{type: 'scroll', rows: -1000}]});
		assert.ok(
			shown.some(row => row.endsWith('Caption 0.')),
			shown.join('\n'),
		);
	}
});

const troubles: [string, Parameters<typeof statusOf>[1], RegExp][] = [
	['a lost microphone', {device: undefined}, /MICROPHONE LOST/],
	['silence from the device', {isInputSilent: true}, /NO INPUT/],
	['speech without words', {isSpeechWithoutWords: true}, /SPEECH HEARD, NO WORDS/],
	['a slow disk', {disk: 'slow'}, /DISK SLOW/],
	['a dead capture', {capture: 'restarting'}, /NOTHING IS RECORDED/],
	['a failed model', {engine: 'failed'}, /THE MODEL FAILED/],
	['overruns', {overruns: 3}, /3 pieces of sound lost by the device/],
];
for (const [what, changes, words] of troubles) {
	test(`${what} is said in words`, t => {
		const rows = frame(t, {status: statusOf(folder, changes)});
		assert.match(rows[1]!, words);
		assert.match(frame(t, {status: statusOf(folder, changes), columns: 40, rows: 12})[2]!, words);
	});
}

test('a model that does not fit is said in words', t => {
	const rows = frame(t, {actions: [{type: 'second', gauges: {...gauges, isModelTooBig: true}}]});
	assert.match(rows[1]!, /^ model does not fit in memory: /);
});

test('the demo model says what it is worth, and the command for a better one', t => {
	const model = {id: 'embedded', name: 'Embedded', quantisation: '8-bit', isEmbedded: true};
	const accuracy = 'about 7 of 10 words wrong for a new speaker';
	const status = statusOf(folder, {model: {...model, accuracy}});
	const [, warning] = frame(t, {status, columns: 120, advice: '`pi-caption models pull moonshine-tiny` (27 MB)'});
	assert.equal(
		warning,
		' demo model: about 7 of 10 words wrong for a new speaker. `pi-caption models pull moonshine-tiny` (27 MB)',
	);
});

test('unsaved captions, gaps, marks and notes stand among the captions', t => {
	const history = [
		entries.device(),
		final(0, 'One.', 1000),
		entries.gap(5000, 12_000),
		entries.mark(6000),
		entries.note(7000, 'Ask *them* \x1b[2J again'),
		entries.state(8000, 'paused'),
	];
	const unsaved: LiveAction = {
		type: 'recorder',
		event: {type: 'entry', entry: final(9, 'Nine.', 9000), isUnsaved: true},
	};
	assert.deepEqual(
		frame(t, {history, actions: [unsaved]}).filter(row => /^ +\d/.test(row)),
		[
			'   0:00   ── microphone: USB Microphone',
			'   0:01   One.',
			'   0:05   ── not recorded for 0:12 (no microphone)',
			'   0:06   ◆ mark',
			'   0:07   ✎ Ask *them* again',
			'   0:08   ── paused',
			'   0:09   Nine. [unsaved]',
		],
	);
});

test('Ctrl-C and q ask', t => {
	assert.deepEqual(frame(t, {actions: [{type: 'mode', mode: 'leaving'}]}).slice(-3), [
		'Leave?',
		'd leave, recording goes on (default) · s stop and save · Esc stay',
		'',
	]);
	assert.deepEqual(frame(t, {actions: [{type: 'mode', mode: 'stopping'}]}).slice(-3), [
		'Stop the recording and save it?',
		'y stop and save · Esc go on recording',
		'',
	]);
	assert.deepEqual(frame(t, {columns: 40, rows: 12, actions: [{type: 'mode', mode: 'leaving'}]}).slice(-3), [
		'Leave?',
		'd leave, recording goes on (default) · s',
		'stop and save · Esc stay',
	]);
});

test('what is typed is seen, its end where it is long', t => {
	const typing = (typed: string): LiveAction[] => [{type: 'mode', mode: 'note', typed}];
	const line = (typed: string) => frame(t, {columns: 40, rows: 12, actions: typing(typed)}).at(-2)!;
	assert.equal(line('call  them '), 'Note: call  them ▏');
	assert.equal(line('x'.repeat(100)), `Note: ${'x'.repeat(33)}▏`);
	assert.equal(line('漢'.repeat(100)), `Note: ${'漢'.repeat(16)}▏`);
});

test('captions only are captions only', t => {
	const rows = frame(t, {open: 'and the second', actions: [{type: 'captions-only'}]});
	assert.deepEqual(
		rows.filter(row => row !== ''),
		[
			'  Good morning everybody and welcome.',
			'  Before we start I would like to say a few words about the plan for the next',
			'  three months and who does what.',
			'  The first thing is the budget.',
			'› and the second…',
		],
	);
	assert.equal(rows.length, 23);
});

test('the help lists every key, and can be scrolled to its end', t => {
	const help = frame(t, {rows: 80, actions: [{type: 'mode', mode: 'help'}]});
	assert.ok(help.includes('  r            pause or resume; start when stopped'));
	assert.ok(help.includes('  d, Enter     leave; recording goes on (default)'));
	const end = frame(t, {
		actions: [
			{type: 'mode', mode: 'help'},
			{type: 'scroll-help', row: 1000},
		],
	});
	assert.equal(end.at(-4), '  Ctrl-C       leave; recording goes on');
});

test('without UTF-8 everything but what was said is ASCII', t => {
	const history = [final(0, 'One.', 1000), entries.gap(5000, 12_000), entries.mark(6000), entries.note(7000, 'A note')];
	for (const mode of ['captions', 'help', 'leaving', 'export', 'look'] as const) {
		const actions: LiveAction[] = [{type: 'mode', mode}];
		for (const [columns, rows] of [
			[80, 24],
			[40, 12],
			[20, 5],
		]) {
			const text = frame(t, {history, open: 'and', isUtf8: false, actions, columns, rows}).join('\n');
			// biome-ignore lint/suspicious/noControlCharactersInRegex: everything else is looked for.
			assert.doesNotMatch(text, /[^\x00-\x7f]/, mode);
		}
	}
});

test('on terminals of any size every row fits, and the last row of the terminal stays free', t => {
	const status = {
		...statusOf(folder, {isBehind: true, title: 'Meeting 漢字'}),
		notices: ['A notice that is long enough to be cut on most of these.'],
	};
	for (const [columns, rows] of [
		[1, 1],
		[2, 2],
		[3, 3],
		[10, 3],
		[10, 50],
		[20, 6],
		[33, 9],
		[39, 12],
		[200, 4],
		[300, 100],
	]) {
		for (const mode of ['captions', 'help', 'leaving', 'stopping', 'note', 'search', 'export', 'look'] as const) {
			const actions: LiveAction[] = [
				{type: 'mode', mode, typed: 'typed text'},
				{type: 'scroll', rows: -1},
			];
			for (const history of [[], spoken.map((text, i) => final(i, text, i * 3000))]) {
				const shown = frame(t, {columns, rows, status, history, open: 'open 漢字 line', actions});
				const where = `${columns} × ${rows}, ${mode}`;
				assert.ok(shown.length <= Math.max(1, rows! - 1), where);
				for (const row of shown) assert.ok(textWidth(row) <= Math.max(2, columns!), `${where}: ${row}`);
			}
		}
	}
});

test('hostile text is harmless wherever it stands', t => {
	for (const text of hostileTexts) {
		const status = {
			...statusOf(folder, {
				title: text,
				device: {name: text, sampleRate: 48_000},
				model: {id: text, name: text, quantisation: text, accuracy: text, isEmbedded: true},
			}),
			notices: [text],
		};
		const history = [final(0, text, 1000), entries.note(2000, text), entries.device(text, 3000)];
		const rows = frame(t, {status, history, open: text, advice: text});
		assert.equal(rows.length, 23);
		for (const row of rows) assert.equal(safeText(row), row);
	}
});
