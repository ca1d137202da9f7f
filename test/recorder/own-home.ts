import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';

// Imported before anything of src: the folders of this process, and of what it starts, are its own. Short, because a socket's path has 107 bytes.

const home = mkdtempSync('/tmp/pc-');
for (const name of ['DATA', 'STATE', 'CONFIG', 'CACHE']) {
	process.env[`XDG_${name}_HOME`] = path.join(home, name.toLowerCase());
}

// Also where a test is cut off: what it started lives in sessions of its own, and would live on.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
process.on('exit', () => {
	// Capture first: it starts another recorder.
	for (const name of ['capture', 'recorder']) end(path.join(home, 'state', 'pi-caption', 'run', `${name}.json`));
	rmSync(home, {recursive: true, force: true});
});

function end(record: string): void {
	try {
		process.kill(JSON.parse(readFileSync(record, 'utf8')).process.pid, 'SIGKILL');
	} catch {
		// There is none, or it has ended.
	}
}

/** The folder that stands for the user's home. */
export const ownHome: string = home;
