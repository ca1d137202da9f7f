import {mkdirSync, type Stats, statSync} from 'node:fs';
import path from 'node:path';
import {isSameFile, OutputError} from './output-file.js';
import {systemReason} from './sentence.js';
import {UsageError} from './usage-error.js';

/**
 * Where the transcript of each of `files` goes: undefined is standard output. `output` is a file, or a folder where there are several recordings or where it is
 * one already (or ends with `/`); the folder is made. Throws `UsageError` where a transcript would overwrite a recording or another transcript, `OutputError`
 * where the folder cannot be made.
 */
export function planOutputs(
	files: readonly string[],
	output: string | undefined,
	ending: string,
): (string | undefined)[] {
	if (output === undefined) return files.map(() => undefined);
	const found = stats(output);
	const isFolder = found?.isDirectory() === true || /[/\\]$/.test(output) || files.length > 1;
	if (isFolder && found && !found.isDirectory()) {
		throw new UsageError(`--output ${output} is a file, and several recordings need a folder.`);
	}
	const paths = isFolder ? namesIn(output, files, ending) : [output];
	refuseOverwriting(paths, files);
	if (isFolder) makeFolder(output);
	return paths;
}

/** `talk.wav` becomes `talk.txt`, a second one `talk-2.txt`. */
function namesIn(folder: string, files: readonly string[], ending: string): string[] {
	const taken = new Set<string>();
	return files.map(file => {
		const name = file === '-' ? 'standard-input' : path.parse(file).name;
		let free = name;
		// Some disks take `A` and `a` for the same name.
		for (let i = 2; taken.has(free.toLowerCase()); i++) free = `${name}-${i}`;
		taken.add(free.toLowerCase());
		return path.join(folder, `${free}.${ending}`);
	});
}

function refuseOverwriting(paths: readonly string[], files: readonly string[]): void {
	for (const target of paths) {
		const found = stats(target);
		const recording = files.find(file => file !== '-' && found?.isFile() && isSameFile(found, stats(file)));
		if (recording !== undefined) {
			throw new UsageError(`--output ${target} would overwrite the recording ${recording}: choose another name.`);
		}
	}
}

function makeFolder(folder: string): void {
	try {
		mkdirSync(folder, {recursive: true});
	} catch (error) {
		throw new OutputError(`Cannot make the folder ${folder}: ${systemReason(error)}.`, {cause: error});
	}
}

function stats(file: string): Stats | undefined {
	try {
		return statSync(file);
	} catch {
		return undefined;
	}
}
