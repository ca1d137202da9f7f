import {existsSync} from 'node:fs';
import {mkdir, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {connectRecorder} from '../recorder/recorder-client.js';
import {RecorderError} from '../recorder/recorder-error.js';
import {serviceUnit, unitName} from '../recorder/service-unit.js';
import {recorderCommand} from '../recorder/start-recorder.js';
import {writeAtomically} from '../system/atomic-file.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** Where systemd looks for a user's own units. */
const unitFile = (env: Host['env']) =>
	path.join(env.XDG_CONFIG_HOME || path.join(os.homedir(), '.config'), 'systemd', 'user', unitName);

const noSystemd =
	'This machine has no systemd for users: put `pi-caption start --detach` into whatever starts programs here, or start it by hand.\n';

/** Writes the unit, enables and starts it. */
export async function installService(recordsAtBoot: boolean, host: Host): Promise<ExitCode> {
	if (!(await hasSystemd(host))) return fail(host, noSystemd);
	const file = unitFile(host.env);
	await mkdir(path.dirname(file), {recursive: true});
	await writeAtomically(file, unitText(recordsAtBoot));
	for (const args of [['daemon-reload'], ['enable', unitName], ['restart', unitName]]) {
		const {exitCode: code, stderr} = await systemctl(host, args);
		if (code !== 0) return fail(host, `systemd refuses \`systemctl --user ${args.join(' ')}\`: ${stderr}\n`);
	}
	const begins = recordsAtBoot
		? 'It records by itself whenever it starts, and every viewer says so.'
		: 'The microphone stays closed until `pi-caption start`.';
	host.stdout.write(`Installed and started: ${file}. ${begins}\n`);
	if (!existsSync(path.join('/var/lib/systemd/linger', os.userInfo().username))) {
		host.stdout.write(
			`It runs while you are logged in; \`sudo loginctl enable-linger ${os.userInfo().username}\` lets it start with the machine.\n`,
		);
	}
	return exitCode.done;
}

/** Ends and disables the service and removes the unit. */
export async function uninstallService(host: Host): Promise<ExitCode> {
	const file = unitFile(host.env);
	if (!existsSync(file))
		return fail(host, `The service is not installed: there is no ${file}.\n`, exitCode.nothingRecording);
	if (await hasSystemd(host)) await systemctl(host, ['disable', '--now', unitName]);
	await rm(file);
	if (await hasSystemd(host)) await systemctl(host, ['daemon-reload']);
	host.stdout.write('The service was removed; recordings and settings stay.\n');
	return exitCode.done;
}

/** Says whether the service is installed, and what systemd says of it. */
export async function showService(host: Host): Promise<ExitCode> {
	const file = unitFile(host.env);
	if (!existsSync(file)) {
		host.stdout.write('The service is not installed: `pi-caption service install` does that.\n');
		return exitCode.nothingRecording;
	}
	const records = (await readFile(file, 'utf8')).includes('--record-at-boot');
	host.stdout.write(`Installed: ${file}${records ? ', records by itself when it starts' : ''}\n`);
	if (!(await hasSystemd(host))) return fail(host, noSystemd);
	const {stdout} = await systemctl(host, ['is-active', unitName]);
	host.stdout.write(`systemd says: ${stdout.trim() || 'unknown'}\n`);
	return stdout.trim() === 'active' ? exitCode.done : exitCode.nothingRecording;
}

/** Ends the session, if one is on, and the recorder. */
export async function endService(): Promise<ExitCode> {
	try {
		const client = await connectRecorder({wants: 'replies', starts: false});
		try {
			await client.send({name: 'stop'});
			await client.send({name: 'exit'});
		} finally {
			client.close();
		}
	} catch (error) {
		if (!(error instanceof RecorderError)) throw error;
	}
	return exitCode.done;
}

/** The unit for the program as it is installed. */
export function unitText(recordsAtBoot: boolean): string {
	const main = fileURLToPath(new URL('./main.js', import.meta.url));
	return serviceUnit({
		program: recorderCommand(),
		ender: [process.execPath, main, 'service', 'end'],
		recordsAtBoot,
	});
}

const systemctl = (host: Host, args: readonly string[]) =>
	execa('systemctl', ['--user', ...args], {reject: false, stdin: 'ignore', env: host.env as NodeJS.ProcessEnv});

/** Whether a systemd runs for this user and answers. */
async function hasSystemd(host: Host): Promise<boolean> {
	const {failed, exitCode: code, stdout} = await systemctl(host, ['is-system-running']);
	// It also says `degraded`, with a code of its own, where some unit of the user's failed.
	return (
		(!failed || code !== undefined) && ['running', 'degraded', 'starting', 'initializing'].includes(stdout?.trim())
	);
}

function fail(host: Host, sentence: string, code: ExitCode = exitCode.failed): ExitCode {
	host.stderr.write(sentence);
	return code;
}
