import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {beginFolder, finishFolder, sweepUnfinished} from '../../src/system/unfinished-folder.js';
import {temporaryFolder} from '../convert/temporary-folder.js';

/** A process that cannot be: its number is beyond the largest. */
const dead = `${2 ** 22 + 1}-1`;

function write(folder: string, text: string): string {
	mkdirSync(folder, {recursive: true});
	writeFileSync(path.join(folder, 'file'), text);
	return folder;
}

test('a folder gets its name when it is complete, over an older one too', async t => {
	const root = await temporaryFolder(t);
	const target = path.join(root, 'deep', 'one');
	for (const text of ['first', 'second']) {
		const unfinished = await beginFolder(target);
		write(unfinished, text);
		await finishFolder(unfinished, target);
		assert.equal(readFileSync(path.join(target, 'file'), 'utf8'), text);
		assert.deepEqual(readdirSync(path.dirname(target)), ['one']);
	}
});

test('what dead processes left goes, what others work on stays', async t => {
	const root = await temporaryFolder(t);
	const target = path.join(root, 'one');
	const ours = await beginFolder(target);
	write(path.join(root, `.one.${dead}.0123abcd.partial`), 'half');
	write(path.join(root, `.other.${dead}.0123abcd.partial`), 'half');
	write(path.join(root, '.one.partial'), 'somebody else’s');
	const later = await beginFolder(target);
	assert.deepEqual(readdirSync(root).sort(), ['.one.partial', path.basename(ours), path.basename(later)].sort());
});

test('an older folder comes back where a power cut came between its two names', async t => {
	const root = await temporaryFolder(t);
	write(path.join(root, `.one.${dead}.0123abcd.old`), 'older');
	write(path.join(root, `.two.${dead}.0123abcd.old`), 'older');
	write(path.join(root, 'two'), 'newer');
	await sweepUnfinished(root);
	assert.deepEqual(readdirSync(root).sort(), ['one', 'two']);
	assert.equal(readFileSync(path.join(root, 'one', 'file'), 'utf8'), 'older');
	assert.equal(readFileSync(path.join(root, 'two', 'file'), 'utf8'), 'newer');
});
