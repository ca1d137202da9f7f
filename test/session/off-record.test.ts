import assert from 'node:assert/strict';
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {createOffRecordSession, endOffRecordSession, isOffRecord, wipeOffRecord} from '../../src/session/off-record.js';
import {claimants, claimSession, dropDeadClaims, processMark} from '../../src/session/session-claim.js';
import {SessionError} from '../../src/session/session-error.js';
import {projectRoot} from '../project-root.js';
import {temporaryFolder} from '../temporary-folder.js';

/** A folder of this test in memory. */
function memoryFolder(t: TestContext): string {
	const folder = mkdtempSync('/dev/shm/pi-caption-test-');
	t.after(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
}

/** A process that does nothing until it is killed. */
async function idleProcess(t: TestContext): Promise<ChildProcess> {
	const child = spawn('sleep', ['600']);
	t.after(() => child.kill('SIGKILL'));
	await once(child, 'spawn');
	return child;
}

async function kill(child: ChildProcess): Promise<void> {
	child.kill('SIGKILL');
	await once(child, 'exit');
}

test('an off-record session lies in memory, for its owner alone, and leaves nothing when it ends', async t => {
	const root = memoryFolder(t);
	const {folder} = await createOffRecordSession({title: 'secret'}, [root]);
	assert.ok(folder.startsWith(`${root}/`));
	assert.ok(isOffRecord(folder));
	assert.ok(!isOffRecord(path.join(root, 'sessions', 'a')));
	assert.equal(statSync(path.dirname(folder)).mode & 0o777, 0o700);
	await endOffRecordSession(folder);
	assert.deepEqual(readdirSync(root), []);
});

test('a session that its maker or a claimant still works on is spared', async t => {
	const root = memoryFolder(t);
	const {folder} = await createOffRecordSession({title: 'secret'}, [root]);
	assert.equal(wipeOffRecord([root]), 0);

	const worker = await idleProcess(t);
	claimSession(folder, worker.pid);
	const orphan = path.join(root, `pi-caption-${process.getuid?.()}-1-1-00000000-abcdef`);
	const session = path.join(orphan, path.basename(folder));
	mkdirSync(session, {recursive: true});
	claimSession(session, worker.pid);
	assert.equal(wipeOffRecord([root]), 0);
	assert.ok(existsSync(session));
	await kill(worker);
	assert.equal(wipeOffRecord([root]), 1);
	assert.ok(!existsSync(orphan));
	assert.ok(existsSync(folder));
});

test('what a killed process left is wiped by the next start', async t => {
	const root = memoryFolder(t);
	const program = path.join(projectRoot, 'build', 'test', 'session', 'leave-off-record.js');
	const child = spawn(process.execPath, [program, root], {stdio: ['ignore', 'pipe', 'inherit']});
	const [line] = await once(child.stdout, 'data');
	const folder = String(line).trim();
	assert.ok(existsSync(path.join(folder, 'audio.wav')));
	assert.equal(wipeOffRecord([root]), 0);
	await kill(child);
	assert.equal(wipeOffRecord([root]), 1);
	assert.deepEqual(readdirSync(root), []);
});

test('what others put under our name is left alone', t => {
	const root = memoryFolder(t);
	const elsewhere = temporaryFolder(t);
	writeFileSync(path.join(elsewhere, 'kept'), '');
	const name = `pi-caption-${process.getuid?.()}-x`;
	symlinkSync(elsewhere, path.join(root, name));
	writeFileSync(path.join(root, `${name}-file`), '');
	mkdirSync(path.join(root, 'pi-caption-4294967-x'));
	assert.equal(wipeOffRecord([root]), 0);
	assert.deepEqual(readdirSync(elsewhere), ['kept']);
});

test('where nothing is in memory, off the record is refused', async t => {
	const root = temporaryFolder(t);
	await assert.rejects(
		createOffRecordSession({title: 'a'}, ['/proc', path.join(root, 'none')]),
		error => error instanceof SessionError && error.code === 'refused' && error.message.includes('/proc'),
	);
});

test('a claim ends with its process, or when it is given up', async t => {
	const folder = temporaryFolder(t);
	const child = await idleProcess(t);
	claimSession(folder, child.pid);
	const giveUp = claimSession(folder);
	assert.deepEqual(claimants(folder).sort(), [process.pid, child.pid!].sort());
	giveUp();
	assert.deepEqual(claimants(folder), [child.pid]);
	await kill(child);
	assert.deepEqual(claimants(folder), []);
	assert.equal(readdirSync(folder).length, 1);
	dropDeadClaims(folder);
	assert.deepEqual(readdirSync(folder), []);
});

test('a claim of an earlier process with the same number, or of an earlier run of the machine, is no claim', t => {
	const folder = temporaryFolder(t);
	const [pid, ticks, boot] = processMark().split('-');
	writeFileSync(path.join(folder, `.claim-${pid}-${Number(ticks) - 1}-${boot}`), '');
	writeFileSync(path.join(folder, `.claim-${pid}-${ticks}-00000000`), '');
	writeFileSync(path.join(folder, `.claim-4194305-0-${boot}`), '');
	assert.deepEqual(claimants(folder), []);
	assert.deepEqual(claimants(path.join(folder, 'none')), []);
});
