import {existsSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The project's root folder, from compiled tests as from their sources. */
export const projectRoot: string = (() => {
	let folder = path.dirname(fileURLToPath(import.meta.url));
	while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
	return folder;
})();
