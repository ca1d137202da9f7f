import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import type {AudioSource} from '../../src/audio/audio-source.js';
import type {CaptionEvent, EngineClient} from '../../src/engine/client.js';
import {EngineError} from '../../src/engine/protocol.js';
import {captionToEnd, keep} from '../../src/recorder/caption-to-end.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {JournalWriter} from '../../src/session/journal-writer.js';
import type {Segment} from '../../src/session/segment.js';
import {SessionError} from '../../src/session/session-error.js';
import {FakeJournalDisk} from '../session/fake-journal-disk.js';
import {spoken} from '../session/segments.js';
import {makeSession} from '../session/session-fixture.js';
import {temporaryFolder} from '../temporary-folder.js';

/** What is said on the tape: a caption every 10 s. */
const said = Array.from({length: 6}, (_, i) => spoken(i, i * 10_000 + 1000, `caption number ${i}`));

/**
 * Engines that say what is said behind the sample at which they begin to read, until `diesAfter` finals, one number for each engine; the last is for all that follow. `onFinal` is called after each.
 */
function engines(diesAfter: readonly number[], onFinal: (segment: Segment) => void = () => {}) {
	const startsMs: number[] = [];
	const open = new Set<object>();
	async function* captions(source: AudioSource): AsyncGenerator<CaptionEvent> {
		const limit = diesAfter[Math.min(startsMs.length, diesAfter.length - 1)]!;
		let beganMs: number | undefined;
		let nSaid = 0;
		for await (const {startSample} of source.chunks()) beganMs ??= (startSample * 1000) / source.sampleRate;
		startsMs.push(beganMs ?? 0);
		for (const [i, segment] of said.filter(({startMs}) => startMs >= (beganMs ?? 0)).entries()) {
			if (nSaid++ === limit) throw new EngineError('failed', 'The engine died.');
			const own = {...segment, segmentId: i};
			yield {type: 'partial', segment: own} as CaptionEvent;
			yield {type: 'final', segment: own} as CaptionEvent;
			onFinal(segment);
		}
	}
	const startEngine = async (): Promise<EngineClient> => {
		const engine = {
			sampleRate: 1000,
			delayMs: 0,
			captions,
			async close() {
				open.delete(engine);
			},
		};
		open.add(engine);
		return engine;
	};
	return {startEngine, startsMs, open};
}

async function setUp(t: TestContext, known: JournalEntry[] = []) {
	const folder = await makeSession(temporaryFolder(t), {title: 'a', seconds: 60});
	const disk = new FakeJournalDisk();
	const journal = new JournalWriter(disk, 0, 0);
	const written = () =>
		disk.synced
			.toString()
			.split('\n')
			.filter(line => line.trim() !== '')
			.map(line => JSON.parse(line) as JournalEntry & {segment: Segment});
	const signal = new AbortController().signal;
	const options = {folder, engine: {modelDir: ''}, recorded: known, known, journal, signal};
	return {disk, journal, written, options};
}

const texts = (entries: {segment: Segment}[]) => entries.map(({segment}) => `${segment.segmentId} ${segment.text}`);
const all = said.map(({segmentId, text}) => `${segmentId} ${text}`);

test('a tape is captioned from its beginning to its end', async t => {
	const {written, options, journal} = await setUp(t);
	const {startEngine, startsMs, open} = engines([99]);
	assert.equal(await captionToEnd({...options, startEngine}), 6);
	assert.deepEqual(texts(written()), all);
	assert.deepEqual(startsMs, [0]);
	assert.equal(open.size, 0);
	assert.equal(written()[1]!.atSample, 11_900);
	await journal.close();
});

test('captions go on behind what the journal has', async t => {
	const known = said.slice(0, 4).map((segment): JournalEntry => ({type: 'final', atSample: 0, wallMs: 0, segment}));
	const {written, options, journal} = await setUp(t, known);
	const {startEngine, startsMs} = engines([99]);
	assert.equal(await captionToEnd({...options, startEngine}), 2);
	assert.deepEqual(texts(written()), all.slice(4));
	assert.deepEqual(startsMs, [21_840]);
	await journal.close();
});

test('an engine that dies is started again, and no caption is lost or said twice', async t => {
	const {written, options, journal} = await setUp(t);
	const {startEngine, startsMs} = engines([2, 2, 99]);
	assert.equal(await captionToEnd({...options, startEngine}), 6);
	assert.deepEqual(texts(written()), all);
	assert.equal(startsMs.length, 3);
	await journal.close();
});

test('engines that die again and again are an error, behind the captions of before', async t => {
	const {written, options, journal} = await setUp(t);
	const {startEngine, open} = engines([2, 0]);
	await assert.rejects(
		captionToEnd({...options, startEngine}),
		error => error instanceof EngineError && /The engine died/.test(error.message),
	);
	assert.deepEqual(texts(written()), all.slice(0, 2));
	assert.equal(open.size, 0);
	await journal.close();
});

test('an aborted hearing writes no final that it did not have', async t => {
	const {written, options, journal} = await setUp(t);
	const ending = new AbortController();
	const {startEngine} = engines([99], ({segmentId}) => segmentId === 2 && ending.abort());
	assert.equal(await captionToEnd({...options, startEngine, signal: ending.signal}), undefined);
	assert.deepEqual(texts(written()), all.slice(0, 3));
	await journal.close();
});

test('a disk that does not take the captions ends them, in one sentence', async t => {
	const {disk, written, options, journal} = await setUp(t);
	const {startEngine} = engines([99], ({segmentId}) => {
		if (segmentId === 1) disk.refusal.write = new Error('ENOSPC');
	});
	await assert.rejects(
		captionToEnd({...options, startEngine}),
		error => error instanceof SessionError && error.code === 'disk-full',
	);
	const nWritten = written().length;
	assert.ok(nWritten >= 1 && nWritten < 6);
	delete disk.refusal.write;
	await journal.close();
});

test('what is kept is on the medium', async t => {
	const {disk, written, journal} = await setUp(t);
	await keep(journal, {type: 'mark', atSample: 1, wallMs: 2}, {type: 'mark', atSample: 3, wallMs: 4});
	assert.equal(written().length, 2);
	disk.refusal.sync = new Error('EIO');
	await assert.rejects(keep(journal, {type: 'mark', atSample: 5, wallMs: 6}), SessionError);
	delete disk.refusal.sync;
	await journal.close();
});
