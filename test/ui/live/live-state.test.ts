import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {RecorderEvent} from '../../../src/recorder/recorder-client.js';
import {captionItem} from '../../../src/ui/live/caption-item.js';
import type {JournalItem, JournalPage} from '../../../src/ui/live/journal-pages.js';
import {
	contentOf,
	initialState,
	type LiveAction,
	type LiveState,
	layoutOf,
	maxItems,
	reduce,
	wantedPage,
} from '../../../src/ui/live/live-state.js';
import {screenMarks} from '../../../src/ui/live/marks.js';
import {entries, final, statusOf} from './fake-recorder.js';

const folder = '/sessions/one';
const start = initialState({theme: 'plain', textSize: 'normal'}, screenMarks(true), {columns: 80, rows: 24});
const heard = (event: RecorderEvent): LiveAction => ({type: 'recorder', event});
const snapshot = heard({type: 'snapshot', status: statusOf(folder), journalBytes: 0});
const entry = (segmentId: number, isUnsaved = false) =>
	heard({type: 'entry', entry: final(segmentId, `Caption ${segmentId}.`, segmentId * 3000), isUnsaved});
const open = (segmentId: number, text: string) =>
	heard({type: 'open', segment: {segmentId, text, startMs: segmentId * 3000, endMs: segmentId * 3000 + 1000}});

/** Captions `from` … `to` − 1 as a page of a journal in which each line has 100 bytes. */
function page(from: number, to: number, isAtEnd = true): JournalPage {
	const items = Array.from({length: to - from}, (_, i): JournalItem => {
		const item = captionItem(final(from + i, `Caption ${from + i}.`, (from + i) * 3000), 24_000)!;
		return {...item, atByte: (from + i) * 100};
	});
	return {items, startByte: from * 100, endByte: to * 100, isAtEnd};
}
const paged = (where: 'last' | 'start' | 'before' | 'after', from: number, to: number, isAtEnd = true): LiveAction => ({
	type: 'page',
	where,
	folder,
	page: page(from, to, isAtEnd),
	tapeRate: 24_000,
});
const run = (...actions: LiveAction[]): LiveState => actions.reduce(reduce, start);
const texts = (state: LiveState) => contentOf(state).items.map(({text}) => text);
const numbers = (state: LiveState) => texts(state).map(text => Number(/\d+/.exec(text)));
const range = (from: number, to: number) => Array.from({length: to - from}, (_, i) => from + i);

const cases: [string, LiveAction[], (state: LiveState) => unknown, unknown][] = [
	['nothing is shown before a recorder is heard', [], ({connection}) => connection, 'connecting'],
	['a snapshot asks for the newest page', [snapshot], wantedPage, 'last'],
	['a page that came is not asked for again', [snapshot, paged('last', 0, 3)], wantedPage, undefined],
	[
		'an entry is shown before it is read from the journal, and then once',
		[snapshot, paged('last', 0, 2), entry(2), entry(2), paged('after', 2, 3)],
		numbers,
		[0, 1, 2],
	],
	['an entry that is not read back yet is shown', [snapshot, paged('last', 0, 2), entry(2)], numbers, [0, 1, 2]],
	[
		'an open line is shown behind the entries',
		[snapshot, paged('last', 0, 1), open(1, 'it was')],
		state => contentOf(state).open,
		{text: 'it was', startMs: 3000},
	],
	['its final ends the open line', [snapshot, open(0, 'it was'), entry(0)], ({open}) => open, undefined],
	[
		'a final of another segment leaves the open line',
		[snapshot, open(1, 'it was'), entry(0)],
		({open}) => open?.text,
		'it was',
	],
	['an open line is made safe', [snapshot, open(0, 'a\x1b[2Jb\x07\nc')], ({open}) => open?.text, 'ab c'],
	[
		'what the disk refused is marked until the journal has it',
		[snapshot, paged('last', 0, 1), entry(1, true)],
		state => contentOf(state).items.map(({isUnsaved}) => isUnsaved),
		[false, true],
	],
	[
		'what the disk took after all is not marked',
		[snapshot, paged('last', 0, 1), entry(1, true), paged('after', 1, 2)],
		state => contentOf(state).items.map(({isUnsaved}) => isUnsaved),
		[false, false],
	],
	[
		'a snapshot anew keeps what is shown and forgets what will be sent again',
		[snapshot, paged('last', 0, 1), entry(1), entry(2, true), snapshot],
		numbers,
		[0, 1],
	],
	[
		'another session begins empty',
		[snapshot, paged('last', 0, 5), heard({type: 'status', status: statusOf('/sessions/two')})],
		texts,
		[],
	],
	[
		'a page of another session is not shown',
		[heard({type: 'snapshot', status: statusOf('/sessions/two'), journalBytes: 0}), paged('last', 0, 5)],
		texts,
		[],
	],
	[
		'captions stay when the session has stopped',
		[
			snapshot,
			paged('last', 0, 2),
			heard({type: 'status', status: {...statusOf(folder, {}, 'idle'), session: undefined}}),
		],
		numbers,
		[0, 1],
	],
	[
		'a recorder that went takes the open line along',
		[snapshot, open(0, 'it was'), heard({type: 'gone', message: 'The recorder went.'})],
		({connection, open, goneWhy}) => [connection, open, goneWhy],
		['gone', undefined, 'The recorder went.'],
	],
	[
		'scrolling where everything fits changes nothing',
		[snapshot, paged('last', 0, 2), {type: 'scroll', rows: -1}],
		({anchor}) => anchor,
		undefined,
	],
	[
		'scrolling back stops following',
		[snapshot, paged('last', 0, 50), {type: 'scroll', rows: -10}],
		({anchor}) => anchor,
		{block: 24, row: 0},
	],
	[
		'what comes while the reader is back is counted and moves nothing',
		[snapshot, paged('last', 0, 50), {type: 'scroll', rows: -10}, entry(50), entry(51), paged('after', 50, 52)],
		({anchor, nNewLines}) => [anchor, nNewLines],
		[{block: 24, row: 0}, 2],
	],
	[
		'marks are not counted as lines',
		[
			snapshot,
			paged('last', 0, 50),
			{type: 'scroll', rows: -10},
			heard({type: 'entry', entry: entries.mark(5000), isUnsaved: false}),
		],
		({nNewLines}) => nNewLines,
		0,
	],
	[
		'scrolling on to the newest line follows again',
		[snapshot, paged('last', 0, 50), {type: 'scroll', rows: -10}, entry(50), {type: 'scroll', rows: 20}],
		({anchor, nNewLines}) => [anchor, nNewLines],
		[undefined, 0],
	],
	[
		'End follows again',
		[snapshot, paged('last', 0, 50), {type: 'scroll', rows: -30}, {type: 'follow'}],
		({anchor}) => anchor,
		undefined,
	],
	[
		'near the beginning of what is loaded the page before is asked for',
		[snapshot, paged('last', 100, 150), {type: 'scroll', rows: -10}],
		wantedPage,
		'before',
	],
	[
		'a newest page that comes after the reader scrolled away moves nothing',
		[snapshot, paged('last', 0, 50), {type: 'scroll', rows: -10}, paged('last', 100, 150)],
		numbers,
		range(0, 50),
	],
	[
		'a page that comes before moves nothing',
		[snapshot, paged('last', 100, 150), {type: 'scroll', rows: -10}, paged('before', 50, 100)],
		state => [contentOf(state).items[state.anchor!.block]!.text, numbers(state)[0]],
		['Caption 124.', 50],
	],
	[
		'a page that fits nowhere is left out',
		[snapshot, paged('last', 100, 150), paged('before', 50, 99), paged('after', 151, 160)],
		numbers,
		range(100, 150),
	],
	[
		'while following, the oldest are forgotten',
		[snapshot, paged('last', 0, maxItems), paged('after', maxItems, maxItems + 10)],
		state => [numbers(state)[0], numbers(state).length, state.history.startByte],
		[500, maxItems - 490, 50_000],
	],
	[
		'while the reader is at the beginning, the newest are forgotten and the open line is not shown',
		[
			snapshot,
			paged('last', 0, maxItems),
			paged('start', 0, maxItems),
			open(9999, 'it was'),
			paged('after', maxItems, maxItems + 10),
		],
		state => [numbers(state).length, state.history.isAtEnd, contentOf(state).open, state.anchor],
		[maxItems - 500, false, undefined, {block: 0, row: -5}],
	],
	[
		'following again then asks for the newest page',
		[
			snapshot,
			paged('last', 0, maxItems),
			paged('start', 0, maxItems),
			paged('after', maxItems, maxItems + 10),
			{type: 'follow'},
		],
		wantedPage,
		'last',
	],
	[
		'a match is shown with lines before it',
		[snapshot, {type: 'found', folder, found: {page: page(10, 60), atByte: 3000}}],
		state => [contentOf(state).items[state.anchor!.block]!.text, state.matchByte],
		['Caption 24.', 3000],
	],
	[
		'a mode begins with an empty line',
		[
			{type: 'type', typed: 'abc'},
			{type: 'mode', mode: 'note'},
		],
		({typed}) => typed,
		'',
	],
	[
		'RTF is kept for a minute',
		[snapshot, ...Array.from({length: 70}, (): LiveAction => ({type: 'second'}))],
		({rtfs}) => rtfs.length,
		60,
	],
	[
		'RTF is not kept while paused',
		[heard({type: 'snapshot', status: statusOf(folder, {}, 'paused'), journalBytes: 0}), {type: 'second'}],
		({rtfs}) => rtfs,
		[],
	],
];

for (const [title, actions, select, expected] of cases) {
	test(title, () => assert.deepEqual(select(run(...actions)), expected));
}

test('rows are shared out so that captions always have some', () => {
	for (let columns = 1; columns < 130; columns++) {
		for (let rows = 1; rows < 80; rows++) {
			for (const isCaptionsOnly of [false, true]) {
				const layout = layoutOf({...start, screen: {columns, rows}, isCaptionsOnly});
				const sum = layout.header + layout.captions + layout.gauges + layout.keyBar;
				assert.equal(sum, Math.max(1, rows - 1));
				assert.ok(layout.captions >= Math.min(layout.height, Math.ceil(layout.height / 2)));
			}
		}
	}
});
