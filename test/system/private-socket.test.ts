import assert from 'node:assert/strict';
import {once} from 'node:events';
import {chmodSync, existsSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {connectPrivately, listenPrivately, makePrivateFolder} from '../../src/system/private-socket.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-socket-'));
after(() => rmSync(folder, {recursive: true}));

const modeOf = (file: string) => statSync(file).mode & 0o777;

test('a socket and its folder are their owner’s alone, and the umask stays as it was', async () => {
	const umask = process.umask(0o022);
	try {
		const {server, file} = await listenPrivately(path.join(folder, 'state', 'run'), socket => socket.end('here'));
		assert.match(path.basename(file), /^[0-9a-f]{8}\.sock$/);
		assert.equal(modeOf(file), 0o600);
		assert.equal(modeOf(path.dirname(file)), 0o700);
		assert.equal(modeOf(path.join(folder, 'state')), 0o700);
		assert.equal(process.umask(), 0o022);
		const socket = await connectPrivately(file);
		assert.equal(String((await once(socket, 'data'))[0]), 'here');
		socket.destroy();
		server.close();
		await once(server, 'close');
		assert.equal(existsSync(file), false);
	} finally {
		process.umask(umask);
	}
});

test('a folder that others may enter is closed to them', async () => {
	const open = path.join(folder, 'open');
	await makePrivateFolder(open);
	chmodSync(open, 0o755);
	await makePrivateFolder(open);
	assert.equal(modeOf(open), 0o700);
});

test('a path that is too long for a socket is refused, not cut', async () => {
	const deep = path.join(folder, 'x'.repeat(100));
	await assert.rejects(
		listenPrivately(deep, () => {}),
		/may have 107 bytes, and .* has \d+: set XDG_STATE_HOME to a shorter folder/,
	);
	await assert.rejects(connectPrivately(path.join(deep, 'a.sock')), /may have 107 bytes/);
});

test('connecting where nobody listens says so', async () => {
	await assert.rejects(connectPrivately(path.join(folder, 'none.sock')), {code: 'ENOENT'});
});
