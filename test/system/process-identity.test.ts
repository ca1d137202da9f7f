import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {identifyProcess, isRunning} from '../../src/system/process-identity.js';

const proc = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-proc-'));
after(() => rmSync(proc, {recursive: true}));

/** A `/proc` with one process in it. */
function writeProcess(stat: string, bootId = 'boot-1'): void {
	mkdirSync(path.join(proc, '77'), {recursive: true});
	mkdirSync(path.join(proc, 'sys/kernel/random'), {recursive: true});
	writeFileSync(path.join(proc, '77', 'stat'), stat);
	writeFileSync(path.join(proc, 'sys/kernel/random/boot_id'), `${bootId}\n`);
}
const stat = (state: string, startTicks: number, name = 'node') =>
	`77 (${name}) ${state} 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 11 0 ${startTicks} 1000 200\n`;

test('a process is itself, and gone when it ended', async () => {
	const child = spawn('sleep', ['60']);
	const identity = identifyProcess(child.pid);
	assert.ok(identity && isRunning(identity));
	child.kill('SIGKILL');
	await once(child, 'exit');
	assert.equal(isRunning(identity), false);
	assert.equal(identifyProcess(child.pid), undefined);
	assert.ok(isRunning(identifyProcess()!));
});

test('a process whose name looks like a stat line is read right', () => {
	writeProcess(stat('S', 4711, 'a) S 1 1 (b'));
	assert.deepEqual(identifyProcess(77, proc), {pid: 77, startTicks: '4711', bootId: 'boot-1'});
});

test('a number that was given to another process, or counted since another start of the machine, is not the process', () => {
	writeProcess(stat('S', 4711));
	const identity = identifyProcess(77, proc)!;
	assert.ok(isRunning(identity, proc));
	writeProcess(stat('S', 4712));
	assert.equal(isRunning(identity, proc), false);
	writeProcess(stat('S', 4711), 'boot-2');
	assert.equal(isRunning(identity, proc), false);
});

test('a dead process that its parent has not buried is not running', () => {
	writeProcess(stat('Z', 4711));
	assert.equal(identifyProcess(77, proc), undefined);
});
