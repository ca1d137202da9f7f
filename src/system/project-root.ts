import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The folder of pi-caption's own package.json: a checkout, or where npm installed it. The models that come with the project are below it. */
export const projectRoot: string = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** What package.json calls this version. */
export const projectVersion: string = readPackage(projectRoot).version;

function findRoot(start: string): string {
	for (let folder = start; ; folder = path.dirname(folder)) {
		if (existsSync(path.join(folder, 'package.json')) && readPackage(folder).name === 'pi-caption') return folder;
		if (path.dirname(folder) === folder)
			throw new Error(`pi-caption's package.json is not above ${start}: install it again.`);
	}
}

function readPackage(folder: string): {name: string; version: string} {
	return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}
