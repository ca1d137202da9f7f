import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {captureCommand} from '../../src/capture/start-capture.js';
import {isMadeDurably, tracedPid, traceFileCalls, unsyncedMs} from '../file-calls.js';

// npm run prove -- durability [seconds]: capture records under strace. No byte of the tape may be older than a second without a completed fdatasync that began when it was written, and
// whatever is new must have its name on the medium too.

const seconds = Number(process.argv[2] ?? 60);
const sampleRate = 24_000;
/** What may be lost by a power cut. */
const promisedMs = 1000;

const folder = mkdtempSync(path.join(os.tmpdir(), 'pc-'));
const session = path.join(folder, 'session');
mkdirSync(session, {mode: 0o700});
const noise = path.join(folder, 'noise');
writeFileSync(noise, Buffer.from(Uint16Array.from({length: 10 * sampleRate}, (_, i) => i * 40_503).buffer));
const env = {...process.env};
for (const name of ['XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'])
	env[name] = path.join(folder, 'xdg');

const device = `file:${noise}?rate=${sampleRate}&then=loop`;
const command = captureCommand({sessionFolder: session, device, minFreeMb: 0, recorderCommand: ['true']});
const {child, calls} = traceFileCalls(command, env);
await sleep(seconds * 1000);
process.kill(tracedPid(child), 'SIGTERM');
const all = await calls();

const tape = path.join(session, 'audio.wav');
const ages = unsyncedMs(all, tape).sort((a, b) => a - b);
const at = (share: number) => ages[Math.min(ages.length - 1, Math.floor(share * ages.length))]!;
const syncs = all.filter(({name, file}) => name === 'fdatasync' && file === tape);
const longestSync = Math.max(...syncs.map(({beganMs, endedMs}) => endedMs - beganMs));
const isTapeMade = isMadeDurably(all, tape);
const bytes = readFileSync(tape).length;
const disk = spawnSync('df', ['--output=source,fstype', session], {encoding: 'utf8'})
	.stdout.split('\n')[1]!
	.replace(/ +/, ', ');
rmSync(folder, {recursive: true});

console.log(`${new Date().toISOString()}, ${disk}: ${seconds} s of microphone at ${sampleRate} Hz, ${bytes} bytes of tape
writes to the tape       ${ages.length}
syncs of the tape        ${syncs.length}, the longest ${longestSync.toFixed(0)} ms
until on the medium      p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms, longest ${at(1).toFixed(0)} ms (promised: ${promisedMs})
tape: bytes, sync, name, folder synced    ${isTapeMade ? 'yes' : 'NO'}`);
process.exit(at(1) <= promisedMs && isTapeMade ? 0 : 1);
