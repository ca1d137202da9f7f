import {execFileSync} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {projectRoot} from '../src/system/project-root.js';
import {terminalSvg} from './terminal-svg.js';

// npm run picture: records a session of the built command in tmux and writes docs/screen.svg, the picture in the README. A recording plays the microphone; everything else is as on a Pi.
// Needs tmux.

const columns = 80;
const rows = 24;
const picture = path.join(projectRoot, 'docs', 'screen.svg');
const recording = path.join(projectRoot, 'test', 'fixtures', 'embedded', 'parity', 'minute.wav');

const home = mkdtempSync('/tmp/pc-');
const environment = {
	...process.env,
	LANG: 'C.UTF-8',
	XDG_DATA_HOME: path.join(home, 'data'),
	XDG_STATE_HOME: path.join(home, 'state'),
	XDG_CONFIG_HOME: path.join(home, 'config'),
	XDG_CACHE_HOME: path.join(home, 'cache'),
};
const tmux = (...args: string[]) =>
	execFileSync('tmux', ['-L', `pc-picture-${process.pid}`, '-f', '/dev/null', ...args], {
		encoding: 'utf8',
		env: environment,
	});
const command = (...args: string[]) => [process.execPath, path.join(projectRoot, 'bin', 'pi-caption.cjs'), ...args];
const screen = () => tmux('capture-pane', '-p');
async function shows(pattern: RegExp): Promise<void> {
	for (let n = 0; !pattern.test(screen()); n++) {
		if (n > 1200) throw new Error(`${pattern} was not shown:\n${screen()}`);
		await setTimeout(100);
	}
}

try {
	copyFileSync(recording, path.join(home, 'microphone.wav'));
	mkdirSync(path.join(environment.XDG_CONFIG_HOME, 'pi-caption'), {recursive: true, mode: 0o700});
	writeFileSync(path.join(environment.XDG_CONFIG_HOME, 'pi-caption', 'settings.json'), '{"theme": "colour"}', {
		mode: 0o600,
	});
	const device = `file:${path.join(home, 'microphone.wav')}`;
	const start = command('start', '--title', 'Team meeting', '--device', device);
	tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), ...start);
	await shows(/rubber covering\./);
	tmux('send-keys', 'm');
	await shows(/◆ mark/);
	await shows(/ {2}0:3\d/);
	await shows(/› \S+ \S+ \S+ .*…\n/);
	await shows(/^r pause/m);
	const capture = tmux('capture-pane', '-e', '-p', '-N');
	mkdirSync(path.dirname(picture), {recursive: true});
	writeFileSync(
		picture,
		terminalSvg(capture, columns, rows, 'pi-caption recording a meeting in a terminal of 80 by 24'),
	);
	console.log(screen());
} finally {
	execFileSync(command('stop')[0]!, command('stop').slice(1), {env: environment, stdio: 'ignore'});
	tmux('kill-server');
	rmSync(home, {recursive: true, force: true});
}
