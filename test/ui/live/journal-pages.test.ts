import assert from 'node:assert/strict';
import {appendFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import type {JournalEntry} from '../../../src/session/journal-entry.js';
import {type JournalItem, openJournalPages} from '../../../src/ui/live/journal-pages.js';
import {temporaryFolder} from '../../temporary-folder.js';
import {entries, final} from './fake-recorder.js';

const line = (entry: JournalEntry) => `${JSON.stringify(entry)}\n`;
const texts = (items: readonly JournalItem[]) => items.map(({text}) => text);
const has = (text: string) => (item: {text: string}) => item.text.toLowerCase().includes(text.toLowerCase());
const never = new AbortController().signal;

/** Two hours of captions, among them hidden entries. */
const long = Array.from({length: 2400}, (_, i) => [
	...(i % 100 === 0 ? [entries.clock(i * 3000)] : []),
	final(i, `Caption ${i} ${'word '.repeat(i % 40)}end.`, i * 3000),
]).flat();
const longTexts = long.flatMap(entry => (entry.type === 'final' ? [entry.segment.text] : []));

async function pagesOf(t: TestContext, text: string) {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'journal.jsonl');
	writeFileSync(file, text);
	const pages = await openJournalPages(folder);
	t.after(() => pages.close());
	return {file, pages};
}

for (const spare of ['', '\n'.repeat(300_000), '\0'.repeat(70_000)]) {
	test(`a journal is read from its end to its beginning, each line once, with ${spare.length} spare bytes behind it`, async t => {
		const {pages} = await pagesOf(t, long.map(line).join('') + spare);
		let page = await pages.last();
		assert.ok(page.isAtEnd);
		const read = [texts(page.items)];
		for (let n = 0; page.startByte > 0; n++) {
			assert.ok(n < 100);
			page = await pages.before(page.startByte);
			read.unshift(texts(page.items));
		}
		assert.ok(read.length > 10, `${read.length} pages`);
		assert.deepEqual(read.flat(), longTexts);
	});

	test(`a journal is read from its beginning to its end, each line once, with ${spare.length} spare bytes behind it`, async t => {
		const {pages} = await pagesOf(t, long.map(line).join('') + spare);
		const read = [];
		for (let byte = 0; ; ) {
			const page = await pages.after(byte);
			read.push(...texts(page.items));
			byte = page.endByte;
			if (page.isAtEnd) break;
		}
		assert.deepEqual(read, longTexts);
	});
}

test('what is written later is read behind what was there', async t => {
	const {file, pages} = await pagesOf(t, '');
	let byte = 0;
	for (let i = 0; i < 5; i++) {
		appendFileSync(file, line(final(i, `Caption ${i}.`, i * 1000)));
		const page = await pages.after(byte);
		assert.deepEqual([texts(page.items), page.isAtEnd], [[`Caption ${i}.`], true]);
		byte = page.endByte;
	}
	assert.deepEqual((await pages.after(byte)).items, []);
});

test('a line that is half written, over spare line feeds, is read when it is whole', async t => {
	const whole = line(final(0, 'One.', 0)) + line(final(1, 'Two.', 3000));
	const firstBytes = line(final(0, 'One.', 0)).length;
	const spare = '\n'.repeat(1000);
	for (let cut = firstBytes + 1; cut < whole.length - 1; cut += 7) {
		const {file, pages} = await pagesOf(t, whole.slice(0, cut) + '\n'.repeat(whole.length - cut) + spare);
		const page = await pages.last();
		assert.deepEqual([texts(page.items), page.endByte], [['One.'], firstBytes]);
		writeFileSync(file, whole + spare);
		assert.deepEqual(texts((await pages.after(page.endByte)).items), ['Two.']);
	}
});

test('a damaged line costs no other', async t => {
	const {pages} = await pagesOf(
		t,
		`${line(final(0, 'One.', 0))}{"type":"fin\n\n\nnull\n${line(final(1, 'Two.', 3000))}`,
	);
	assert.deepEqual(texts((await pages.last()).items), ['One.', 'Two.']);
	assert.deepEqual(texts((await pages.after(0)).items), ['One.', 'Two.']);
});

test('megabytes without a line end are passed over', async t => {
	const {pages} = await pagesOf(
		t,
		`${line(final(0, 'One.', 0))}${'x'.repeat(3_000_000)}\n${line(final(1, 'Two.', 3000))}`,
	);
	const read = [];
	for (let byte = 0, n = 0; n < 50; n++) {
		const page = await pages.after(byte);
		read.push(...texts(page.items));
		byte = page.endByte;
		if (page.isAtEnd) break;
	}
	assert.deepEqual(read, ['One.', 'Two.']);
	assert.deepEqual(texts((await pages.last()).items).at(-1), 'Two.');
});

test('times of marks are those of the tape, whose rate the first microphone gave', async t => {
	const {pages} = await pagesOf(
		t,
		[entries.device(), entries.mark(61_000), entries.device('Other', 70_000)].map(line).join(''),
	);
	assert.equal(await pages.tapeRate(), 24_000);
	assert.deepEqual(
		(await pages.last()).items.map(({text, atMs}) => [text, atMs]),
		[
			['microphone: USB Microphone', 0],
			['mark', 61_000],
			['microphone: Other', 70_000],
		],
	);
});

test('a search goes from match to match, both ways, whatever the case', async t => {
	const {pages} = await pagesOf(t, long.map(line).join('') + '\n'.repeat(5000));
	const {endByte} = await pages.last();
	const found = [];
	for (let byte = endByte; ; ) {
		const match = await pages.find(has('caption 7'), byte, 'before', never);
		if (!match) break;
		found.unshift(match.page.items.find(({atByte}) => atByte === match.atByte)!.text);
		byte = match.atByte;
	}
	const expected = longTexts.filter(text => text.includes('Caption 7'));
	assert.deepEqual(found, expected);
	const forward = [];
	for (let byte = -1; ; ) {
		const match = await pages.find(has('CAPTION 7'), Math.max(0, byte), 'after', never);
		if (!match) break;
		forward.push(match.page.items.find(({atByte}) => atByte === match.atByte)!.text);
		byte = match.atByte;
	}
	assert.deepEqual(forward, expected);
});

test('a match comes with what stands around it', async t => {
	const {pages} = await pagesOf(t, long.map(line).join(''));
	const match = (await pages.find(has('Caption 1200 '), Number.MAX_SAFE_INTEGER, 'before', never))!;
	const index = match.page.items.findIndex(({atByte}) => atByte === match.atByte);
	assert.ok(index > 20 && index < match.page.items.length - 20);
	assert.deepEqual(texts(match.page.items), longTexts.slice(1200 - index, 1200 - index + match.page.items.length));
});

test('a search that is given up finds nothing', async t => {
	const {pages} = await pagesOf(t, long.map(line).join(''));
	assert.equal(await pages.find(has('Caption'), 0, 'after', AbortSignal.abort()), undefined);
});

test('an empty journal and a missing one', async t => {
	const {pages} = await pagesOf(t, '');
	assert.deepEqual(await pages.last(), {items: [], startByte: 0, endByte: 0, isAtEnd: true});
	await assert.rejects(openJournalPages(temporaryFolder(t)), {code: 'ENOENT'});
});
