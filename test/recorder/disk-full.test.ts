import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import type {Segment} from '../../src/session/segment.js';
import {projectRoot} from '../project-root.js';
import {
	finalsOf,
	journalOf,
	killAll,
	microphone,
	minute,
	runProgram,
	textAndTimes,
	transcribed,
	until,
	Watcher,
} from './live-program.js';
import {ownHome} from './own-home.js';

const data = path.join(ownHome, 'data');
let isMounted = false;

after(async () => {
	await killAll();
	if (isMounted) spawnSync('umount', ['-l', data]);
});

/** A small disk under all sessions that can be filled, or where mounting is refused, processes whose writes are. */
function smallDisk(): {fill(): void; free(): void} {
	mkdirSync(data, {recursive: true});
	isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', data]).status === 0;
	const filler = path.join(data, 'filler');
	if (isMounted) {
		return {
			fill: () => assert.throws(() => writeFileSync(filler, Buffer.alloc(20 << 20)), {code: 'ENOSPC'}),
			free: () => rmSync(filler),
		};
	}
	const flag = path.join(ownHome, 'full');
	const preload = pathToFileURL(path.join(projectRoot, 'build', 'test', 'capture', 'full-disk.js')).href;
	Object.assign(process.env, {NODE_OPTIONS: `--import=${preload}`, FULL_DISK: flag});
	return {fill: () => writeFileSync(flag, ''), free: () => rmSync(flag)};
}

test('on a full disk captions go on from memory, and nothing is missing when it has space again', async t => {
	const disk = smallDisk();
	mkdirSync(path.join(ownHome, 'config', 'pi-caption'), {recursive: true});
	writeFileSync(path.join(ownHome, 'config', 'pi-caption', 'settings.json'), '{"minFreeMb": 0}');
	const begun = await runProgram(['start', '--detach', '--latency', 'low', '--device', microphone(minute, 'speed=6')]);
	assert.equal(begun.code, 0, begun.stderr);
	const watcher = await Watcher.attach();
	t.after(() => watcher.close());
	await watcher.heard(10_000);
	const {folder} = watcher.status!.session!;
	const tape = path.join(folder, 'audio.wav');
	disk.fill();
	await until('the refusal', () => watcher.status!.session!.disk === 'refused');
	await until('the sentence', () => watcher.status!.notices.some(notice => /does not take the recording/.test(notice)));
	const refusedBytes = statSync(tape).size;
	// A final of what the tape does not have, whether the journal's own reserve took it or not.
	const shown = (): Segment[] =>
		watcher.events.flatMap(event =>
			event.type === 'entry' && event.entry.type === 'final' ? [event.entry.segment] : [],
		);
	const tapeEndMs = (refusedBytes - 80) / 32;
	await until('captions of what is in memory', () => shown().some(({startMs}) => startMs > tapeEndMs));
	assert.equal(statSync(tape).size, refusedBytes);

	disk.free();
	await until('space', () => watcher.status!.session!.disk === 'ok');
	await watcher.heard(55_000);
	assert.equal((await runProgram(['stop'])).code, 0);
	const finals = finalsOf(folder);
	assert.deepEqual(textAndTimes(finals), textAndTimes(await transcribed(tape)));
	assert.deepEqual(
		journalOf(folder).filter(({type}) => type === 'gap'),
		[],
	);
});
