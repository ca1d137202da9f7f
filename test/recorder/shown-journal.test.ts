import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {FromRecorder} from '../../src/recorder/protocol.js';
import {ShownJournal} from '../../src/recorder/shown-journal.js';
import type {JournalDisk} from '../../src/session/disk.js';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {JournalWriter} from '../../src/session/journal-writer.js';
import {FakeDisk, settle} from '../session/fake-disk.js';

class FakeJournalDisk extends FakeDisk implements JournalDisk {
	async truncate(): Promise<void> {}
}

function shownJournal() {
	const disk = new FakeJournalDisk();
	const said: string[] = [];
	const journal: ShownJournal = new ShownJournal(
		new JournalWriter(disk, 0, 1 << 20, {
			retryEveryMs: 20,
			onHealth: health => health === 'refused' && journal.refused(),
		}),
		message => said.push(sentence(message)),
	);
	return {disk, said, journal};
}

/** A message in short. */
function sentence(message: FromRecorder): string {
	switch (message.type) {
		case 'entry':
			return `${nameOf(message.entry)}${message.isUnsaved ? ' unsaved' : ''}`;
		case 'saved':
			return `saved ${message.segmentIds}`;
		case 'open':
			return `open ${message.segment?.text ?? '-'}`;
		default:
			return message.type;
	}
}

const nameOf = (entry: JournalEntry) => (entry.type === 'final' ? `final ${entry.segment.segmentId}` : entry.type);
const segment = (segmentId: number, text = '') => ({segmentId, text, startMs: 0, endMs: 1, words: []});
const final = (segmentId: number): JournalEntry => ({
	type: 'final',
	atSample: 0,
	wallMs: 0,
	segment: segment(segmentId),
});

test('a final is shown when it is on the medium, and the open line never overtakes it', async () => {
	const {disk, said, journal} = shownJournal();
	journal.showOpen(segment(0, 'one'));
	disk.stall('sync');
	const saved = journal.append(final(0));
	journal.showOpen(undefined);
	journal.showOpen(segment(1, 'two'));
	journal.showOpen(segment(1, 'two three'));
	await settle();
	assert.deepEqual(said, ['open one']);
	assert.deepEqual(journal.unsavedMessages(), []);
	disk.resume('sync');
	await saved;
	assert.deepEqual(said, ['open one', 'final 0', 'open two three']);
});

test('while the disk refuses, entries are shown as unsaved, in order, and saved follows once', async () => {
	const {disk, said, journal} = shownJournal();
	disk.refusal = {write: Object.assign(new Error('full'), {code: 'ENOSPC'})};
	const both = [journal.append(final(0)), journal.append({type: 'mark', atSample: 1, wallMs: 1})];
	await settle();
	both.push(journal.append(final(1)));
	journal.refused();
	const shown = said.filter(one => !one.startsWith('open'));
	assert.deepEqual(shown, ['final 0 unsaved', 'mark unsaved', 'final 1 unsaved']);
	assert.deepEqual(journal.unsavedMessages().map(sentence), ['final 0 unsaved', 'mark unsaved', 'final 1 unsaved']);
	disk.refusal = {};
	await Promise.all(both);
	assert.deepEqual(
		said.filter(one => one.startsWith('saved') || !/open|unsaved/.test(one)),
		['saved 0', 'saved 1'],
	);
	assert.deepEqual(journal.unsavedMessages(), []);
});

test('a disk that keeps a final waiting does not keep the reader waiting', async () => {
	const {disk, said, journal} = shownJournal();
	disk.stall('sync');
	const saved = journal.append(final(0));
	while (said.length === 0) await new Promise(resolve => setTimeout(resolve, 10));
	assert.equal(said[0], 'final 0 unsaved');
	disk.resume('sync');
	await saved;
	assert.equal(said.at(-1), 'saved 0');
});
