import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {z} from 'zod';
import {readJsonRecord, writeAtomically, writeJsonRecord} from '../../src/system/atomic-file.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-atomic-'));
after(() => rmSync(folder, {recursive: true}));
const file = path.join(folder, 'record.json');
const schema = z.object({pid: z.number()});

test('a record is read as it was written, and is its owner’s alone', async () => {
	await writeJsonRecord(file, {pid: 1});
	await writeJsonRecord(file, {pid: 2});
	assert.deepEqual(await readJsonRecord(file, schema), {pid: 2});
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.deepEqual(readdirSync(folder), ['record.json']);
});

test('what is no record is none', async () => {
	for (const text of ['', '{"pid":', '{"pid":"1"}', `{"pid":1,"more":"${'x'.repeat(70_000)}"}`]) {
		writeFileSync(file, text);
		assert.equal(await readJsonRecord(file, schema), undefined);
	}
	assert.equal(await readJsonRecord(path.join(folder, 'none.json'), schema), undefined);
});

test('a failed write leaves the old file and nothing else', async () => {
	await writeAtomically(file, 'old');
	await assert.rejects(writeAtomically(folder, 'new'), {code: 'EISDIR'});
	await assert.rejects(writeAtomically(path.join(folder, 'none', 'record'), 'new'), {code: 'ENOENT'});
	assert.equal(readFileSync(file, 'utf8'), 'old');
	assert.deepEqual(readdirSync(folder), ['record.json']);
});
