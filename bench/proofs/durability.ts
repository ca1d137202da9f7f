import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {killAll} from '../../test/recorder/live-program.js';
import {isFolderSynced, isMadeDurably, unsyncedMs} from '../file-calls.js';
import {shownFinals, traceSession} from '../trace-session.js';

// npm run prove -- durability [seconds]: a session under strace. No byte of the tape may be older than a second without a completed fdatasync that began when it was written; no final may be
// shown as saved before the fdatasync of its line has ended; and whatever is new must have its name on the medium too.

const seconds = Number(process.argv[2] ?? 60);
/** What may be lost by a power cut. */
const promisedMs = 1000;

const session = await traceSession(seconds * 1000, 1);
const {calls, tape, journal, folder, finals} = session;
const ages = unsyncedMs(calls, tape).sort((a, b) => a - b);
const at = (share: number) => ages[Math.min(ages.length - 1, Math.floor(share * ages.length))]!;
const syncs = calls.filter(({name, file}) => name === 'fdatasync' && file === tape);
const longestSync = Math.max(...syncs.map(({beganMs, endedMs}) => endedMs - beganMs));
const shown = shownFinals(session);
const unsynced = shown.filter(({syncedMs}) => syncedMs === undefined);
const isTapeMade = isMadeDurably(calls, tape);
const isRecordMade = isMadeDurably(calls, path.join(folder, 'session.json'));
const journalMade = calls.find(
	({name, file, args}) => name === 'openat' && file === journal && args.includes('O_CREAT'),
);
const isJournalMade =
	isMadeDurably(calls, journal) || (journalMade !== undefined && isFolderSynced(calls, folder, journalMade.endedMs));
const isFolderMade = isFolderSynced(calls, path.dirname(folder), 0);
const [, disk = ''] = spawnSync('df', ['--output=source,fstype', folder], {encoding: 'utf8'}).stdout.split('\n');
await killAll();

const yes = (isSo: boolean) => (isSo ? 'yes' : 'NO');
console.log(`${new Date().toISOString()}, ${disk.replace(/ +/, ', ')}: ${seconds} s of speech
writes to the tape              ${ages.length}
syncs of the tape               ${syncs.length}, the longest ${longestSync.toFixed(0)} ms
until on the medium             p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms, longest ${at(1).toFixed(0)} ms (promised: ${promisedMs})
finals, and shown as saved      ${finals.length}, ${shown.length}
shown before they were synced   ${unsynced.length}
bytes, sync, name, folder synced: tape ${yes(isTapeMade)}, session.json ${yes(isRecordMade)}, journal ${yes(isJournalMade)}, the session's folder ${yes(isFolderMade)}`);
const isMade = isTapeMade && isRecordMade && isJournalMade && isFolderMade;
process.exit(
	at(1) <= promisedMs && unsynced.length === 0 && shown.length >= finals.length && finals.length > 0 && isMade ? 0 : 1,
);
