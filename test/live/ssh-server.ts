import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** A real OpenSSH server on the loopback, with keys of its own, for the user who runs the tests. */
export type SshServer = {
	/** The shell words that log in and run what follows them, with a terminal. */
	readonly login: string;
	/** Process ids of the server's sides of the lines that are open now. */
	lines(): number[];
	close(): void;
};

/** Starts one that gives its sessions the variables of `environment`. */
export async function startSshServer(environment: Record<string, string>): Promise<SshServer> {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-ssh-'));
	const inFolder = (name: string) => path.join(folder, name);
	for (const key of ['host', 'user']) {
		execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inFolder(key)]);
	}
	const port = await freePort();
	const values = Object.entries(environment).map(([name, value]) => `${name}="${value}"`);
	writeFileSync(
		inFolder('config'),
		[
			`Port ${port}`,
			'ListenAddress 127.0.0.1',
			`HostKey ${inFolder('host')}`,
			`AuthorizedKeysFile ${inFolder('user.pub')}`,
			'StrictModes no',
			'PasswordAuthentication no',
			'PermitRootLogin yes',
			'UsePAM no',
			'PrintMotd no',
			`PidFile ${inFolder('pid')}`,
			`SetEnv ${values.join(' ')}`,
		].join('\n'),
	);
	mkdirSync('/run/sshd', {recursive: true, mode: 0o755});
	const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', inFolder('config')], {stdio: ['ignore', 'ignore', 'pipe']});
	await new Promise<void>((resolve, reject) => {
		let said = '';
		server.stderr.setEncoding('utf8').on('data', (text: string) => {
			said += text;
			if (said.includes('listening')) resolve();
		});
		server.once('exit', () => reject(new Error(`sshd ended: ${said}`)));
		server.once('error', reject);
	});
	const options = [
		`-i ${inFolder('user')}`,
		`-p ${port}`,
		'-o StrictHostKeyChecking=no',
		'-o UserKnownHostsFile=/dev/null',
		'-o LogLevel=ERROR',
	];
	return {
		login: `ssh -tt ${options.join(' ')} ${os.userInfo().username}@127.0.0.1`,
		lines() {
			const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
			return children.split(' ').filter(Boolean).map(Number);
		},
		close() {
			server.kill('SIGKILL');
			rmSync(folder, {recursive: true, force: true});
		},
	};
}

const freePort = () =>
	new Promise<number>((resolve, reject) => {
		const probe = net.createServer();
		probe.once('error', reject);
		probe.listen(0, '127.0.0.1', () => {
			const {port} = probe.address() as net.AddressInfo;
			probe.close(() => resolve(port));
		});
	});
