import {randomBytes} from 'node:crypto';
import {chmod, mkdir, stat} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import path from 'node:path';

/** Bytes of a Unix socket's path (`sun_path` without its NUL): Node cuts a longer one silently, and listens elsewhere. */
export const maxSocketPathBytes = 107;

/** A socket that only this user can connect to. */
export type PrivateSocket = {server: Server; file: string};

/** Makes `folder` where it is missing, and its owner's alone (0700). Throws where it belongs to somebody else. */
export async function makePrivateFolder(folder: string): Promise<void> {
	await mkdir(folder, {recursive: true, mode: 0o700});
	const {uid, mode} = await stat(folder);
	if (uid !== process.getuid?.()) {
		throw new Error(`${folder} belongs to user ${uid}: move it away, or give it back to yourself.`);
	}
	if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
}

/**
 * Listens on a new Unix socket `<8 hex>.sock` in `folder`, which is made where it is missing: folder 0700, socket 0600 from its first moment, never in the abstract name
 * space, which has no permissions. Its file goes when the server is closed.
 */
export async function listenPrivately(folder: string, onConnection: (socket: Socket) => void): Promise<PrivateSocket> {
	await makePrivateFolder(folder);
	const file = path.join(folder, `${randomBytes(4).toString('hex')}.sock`);
	refuseLongPath(file);
	const server = createServer(onConnection);
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.once('listening', () => {
			server.off('error', reject);
			resolve();
		});
		// The socket is made before `listen` returns, so nothing else is made with this umask.
		const umask = process.umask(0o177);
		try {
			server.listen(file);
		} finally {
			process.umask(umask);
		}
	});
	return {server, file};
}

/** Connects to the socket at `file`. Throws what the system says: `ECONNREFUSED` or `ENOENT` when nobody listens. */
export async function connectPrivately(file: string): Promise<Socket> {
	refuseLongPath(file);
	const socket = connect(file);
	await new Promise<void>((resolve, reject) => {
		socket.once('error', reject);
		socket.once('connect', () => {
			socket.off('error', reject);
			resolve();
		});
	});
	return socket;
}

function refuseLongPath(file: string): void {
	const nBytes = Buffer.byteLength(file);
	if (nBytes <= maxSocketPathBytes) return;
	throw new Error(
		`The path of a socket may have ${maxSocketPathBytes} bytes, and ${file} has ${nBytes}: set XDG_STATE_HOME to a shorter folder.`,
	);
}
