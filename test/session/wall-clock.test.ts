import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {GapReason, JournalEntry} from '../../src/session/journal-entry.js';
import {createWallClock} from '../../src/session/wall-clock.js';

const rate = 1000;
const clock = (atMs: number, wallMs: number): JournalEntry => ({type: 'clock', atSample: atMs, wallMs});
const gap = (atMs: number, lostMs: number, why: GapReason = 'paused'): JournalEntry => ({
	type: 'gap',
	atSample: atMs,
	wallMs: 0,
	lostMs,
	why,
});

const tells = (title: string, entries: JournalEntry[], expected: Record<number, number | undefined>) =>
	test(title, () => {
		const when = createWallClock(entries, rate);
		const found = Object.keys(expected).map(ms => [ms, when(Number(ms))?.getTime()]);
		assert.deepEqual(Object.fromEntries(found), expected);
	});

tells('where nobody looked at a clock, none is known', [gap(10, 5)], {0: undefined, 50: undefined});
tells('time goes on with the tape', [clock(0, 5000)], {0: 5000, 250: 5250});
tells('what was not recorded took time too', [clock(0, 5000), gap(100, 70), gap(200, 30)], {
	99: 5099,
	100: 5170,
	150: 5220,
	200: 5300,
});
tells('a clock that was set later dates what was before it', [clock(0, 0), gap(100, 70), clock(300, 900_000)], {
	0: 900_000 - 300 - 70,
	99: 900_000 - 300 - 70 + 99,
	100: 900_000 - 200,
	300: 900_000,
	400: 900_100,
});
tells(
	'after the machine died, its clock begins anew, and one that is set then does not date what was before',
	[clock(0, 500_000), gap(100, 0, 'recovery'), clock(100, 20), clock(150, 800_000)],
	{0: 500_000, 99: 500_099, 100: 799_950, 150: 800_000},
);
tells(
	'a clock after a recovery counts from there whichever was written first',
	[clock(0, 500_000), clock(100, 700_000), gap(100, 1000, 'recovery')],
	{99: 500_099, 100: 700_000},
);
tells(
	'a recovery without a look at the clock counts on from before, by what was lost',
	[clock(0, 500_000), gap(100, 1000, 'recovery')],
	{99: 500_099, 100: 501_100},
);
tells('a first part without a clock counts back from the next', [gap(100, 1000, 'recovery'), clock(100, 700_000)], {
	0: 700_000 - 100 - 1000,
	100: 700_000,
});
tells('dates that cannot be are none', [clock(0, 1e300)], {0: undefined});
tells('a date that cannot be does not hide one that can', [clock(0, 5000), clock(0, -1e300)], {7: 5007});

test('a time that is none has no date', () => {
	assert.equal(createWallClock([clock(0, 5)], rate)(Number.NaN), undefined);
	assert.equal(createWallClock([clock(0, 5)], rate)(Number.POSITIVE_INFINITY), undefined);
});
