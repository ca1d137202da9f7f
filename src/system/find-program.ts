import {constants} from 'node:fs';
import {access} from 'node:fs/promises';
import path from 'node:path';

/** Absolute path of a program that is installed, or undefined. Only absolute entries of PATH count. */
export async function findProgram(
	name: string,
	searchPath: string = process.env.PATH ?? '',
): Promise<string | undefined> {
	for (const folder of searchPath.split(path.delimiter).filter(path.isAbsolute)) {
		const file = path.join(folder, name);
		try {
			await access(file, constants.X_OK);
			// Not what a link leads to: some programs do what their name says (parec is a link to pacat).
			return file;
		} catch {
			// Not in this folder.
		}
	}
	return undefined;
}
