import './own-home.js';

import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {isFolderSynced, isMadeDurably, unsyncedMs} from '../../bench/file-calls.js';
import {shownFinals, traceSession} from '../../bench/trace-session.js';
import {killAll} from './live-program.js';

after(killAll);

// The short version of `npm run prove -- durability`, which measures how long it takes.
test('no final is shown as saved before its fdatasync has ended, and new files are on the medium with their names', async () => {
	const session = await traceSession(20_000, 5);
	const {calls, tape, journal, folder, finals} = session;
	const shown = shownFinals(session);
	assert.ok(finals.length > 0);
	assert.deepEqual(
		[...new Set(shown.map(({segmentId}) => segmentId))],
		finals.map(({segmentId}) => segmentId),
	);
	assert.deepEqual(
		shown.filter(({syncedMs}) => syncedMs === undefined),
		[],
	);
	assert.ok(unsyncedMs(calls, tape).every(Number.isFinite));
	assert.ok(isMadeDurably(calls, tape));
	const made = calls.find(({name, file, args}) => name === 'openat' && file === journal && args.includes('O_CREAT'));
	assert.ok(isMadeDurably(calls, journal) || (made && isFolderSynced(calls, folder, made.endedMs)));
});
