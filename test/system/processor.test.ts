import assert from 'node:assert/strict';
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {readProcessor} from '../../src/system/processor.js';
import {temporaryFolder} from '../convert/temporary-folder.js';

/** The processor of a machine whose `/proc/cpuinfo` says this. */
async function read(t: TestContext, cpuinfo: string) {
	const root = await temporaryFolder(t);
	await mkdir(path.join(root, 'proc'));
	await writeFile(path.join(root, 'proc/cpuinfo'), cpuinfo);
	return readProcessor(root);
}

const pi = (part: string, features: string) =>
	`processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: ${features}\nCPU implementer\t: 0x41\nCPU part\t: ${part}\n`;

test('the boards are told by their part numbers, others by their names', async t => {
	assert.equal((await read(t, pi('0xd08', 'fp asimd crc32'))).name, 'cortex-a72');
	assert.equal((await read(t, pi('0xd0b', 'fp asimd asimddp'))).name, 'cortex-a76');
	assert.equal((await read(t, pi('0xfff', 'fp'))).name, '0xfff');
	const server = 'processor\t: 0\nmodel name\t: AMD EPYC 7B13 64-Core Processor\nflags\t\t: fpu avx2\n';
	assert.equal((await read(t, server)).name, 'amd-epyc-7b13-64-core');
});

test('another instruction set is another fingerprint, another order of its parts is not', async t => {
	const {fingerprint} = await read(t, pi('0xd0b', 'fp asimd asimddp'));
	assert.match(fingerprint, /^[0-9a-f]{8}$/);
	assert.equal((await read(t, pi('0xd0b', 'asimddp fp asimd'))).fingerprint, fingerprint);
	assert.notEqual((await read(t, pi('0xd0b', 'fp asimd'))).fingerprint, fingerprint);
	assert.notEqual((await read(t, pi('0xd08', 'fp asimd asimddp'))).fingerprint, fingerprint);
});

test('a machine that says nothing has a name all the same', async t => {
	const {name, fingerprint} = readProcessor(await temporaryFolder(t));
	assert.equal(name, process.arch);
	assert.match(fingerprint, /^[0-9a-f]{8}$/);
});

test('this machine says something', () => {
	assert.notEqual(readProcessor().name, '');
});
