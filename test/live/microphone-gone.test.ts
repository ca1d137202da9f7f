import assert from 'node:assert/strict';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {VirtualMicrophone} from '../audio/virtual-microphone.js';
import {projectRoot} from '../project-root.js';
import {journalOf, killAll, runProgram, until, Watcher} from '../recorder/live-program.js';

// A session whose microphone goes, with a real sound server: a recording of what the journal says of it.

const speech = path.join(projectRoot, 'models', 'demo', 'synthetic.wav');

/** A session that has heard its microphone for a while. */
async function session(t: TestContext) {
	const microphone = await VirtualMicrophone.start();
	t.after(() => microphone.stop());
	t.after(killAll);
	const {code, stderr} = await runProgram(['start', '--detach'], {
		...microphone.env,
		PI_CAPTION_MICROPHONE: 'naudiodon',
	});
	assert.equal(code, 0, stderr);
	const watcher = await Watcher.attach();
	t.after(() => watcher.close());
	await watcher.heard(1000);
	return {microphone, watcher, folder: watcher.status!.session!.folder};
}

const isHearing = (watcher: Watcher) => watcher.status?.session?.device !== undefined;

/** The gap of `folder`, of which there is one; `lengthMs` and `position` are where and how long it must be, give or take what noticing takes. */
async function holdsGap(
	watcher: Watcher,
	folder: string,
	beganMs: number,
	endedMs: number,
	tapeMs: number,
): Promise<void> {
	await until('the gap in the journal', () => journalOf(folder).some(entry => entry.type === 'gap'));
	const gaps = journalOf(folder).flatMap(entry => (entry.type === 'gap' ? [entry] : []));
	assert.deepEqual(
		gaps.map(({why}) => why),
		['device'],
	);
	const {atSample, lostMs, wallMs} = gaps[0]!;
	const rate = watcher.status!.session!.device!.sampleRate;
	const atMs = (1000 * atSample) / rate;
	// A sound server gives silence for a while before it lets go, and PortAudio waits before it says so.
	assert.ok(
		atMs >= tapeMs - 1000 && atMs <= tapeMs + 5000,
		`the gap is at ${atMs} ms, the microphone went at ${tapeMs} ms`,
	);
	assert.ok(Math.abs(wallMs - beganMs) <= 6000, `the gap began ${wallMs - beganMs} ms after the microphone went`);
	assert.ok(wallMs + lostMs >= endedMs - 1000, 'the gap ends when the microphone is back');
}

test('a microphone that is pulled out is heard again when it is back, and the journal says what is missing', async t => {
	const {microphone, watcher, folder} = await session(t);
	const beganMs = Date.now();
	const {tapeMs} = watcher.status!.session!;
	microphone.unplug();
	await until('no microphone', () => !isHearing(watcher));
	const endedMs = Date.now();
	microphone.plugIn();
	await until('a microphone', () => isHearing(watcher));
	await holdsGap(watcher, folder, beganMs, endedMs, tapeMs);
	await microphone.play(speech);
	await until('captions after the gap', () => watcher.finals.length > 0);
	const {code} = await runProgram(['stop']);
	assert.equal(code, 0);
});

test('a sound server that is killed in mid-session ends nothing: the session goes on when it is back', async t => {
	const {microphone, watcher, folder} = await session(t);
	const beganMs = Date.now();
	const {tapeMs} = watcher.status!.session!;
	await microphone.killServer();
	await until('no microphone', () => !isHearing(watcher));
	const endedMs = Date.now();
	await microphone.startServer();
	await until('a microphone', () => isHearing(watcher));
	await holdsGap(watcher, folder, beganMs, endedMs, tapeMs);
	await microphone.play(speech);
	await until('captions after the gap', () => watcher.finals.length > 0);
	const {code} = await runProgram(['stop']);
	assert.equal(code, 0);
});
