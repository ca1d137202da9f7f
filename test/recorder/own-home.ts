import {mkdtempSync, rmSync} from 'node:fs';
import path from 'node:path';

// Imported before anything of src: the folders of this process, and of what it starts, are its own. Short, because a socket's path has 107 bytes.

const home = mkdtempSync('/tmp/pc-');
for (const name of ['DATA', 'STATE', 'CONFIG', 'CACHE']) {
	process.env[`XDG_${name}_HOME`] = path.join(home, name.toLowerCase());
}
process.on('exit', () => rmSync(home, {recursive: true, force: true}));

/** The folder that stands for the user's home. */
export const ownHome: string = home;
