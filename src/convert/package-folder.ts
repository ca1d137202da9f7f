import {open, readdir, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {type ModelManifest, manifestFile, modelManifest, sha256OfFile} from '../engine/model-package.js';
import {beginFolder, finishFolder} from '../system/unfinished-folder.js';
import {ConvertError} from './convert-error.js';

/** A manifest before its files are known. */
export type ManifestDraft = Omit<ModelManifest, 'formatVersion' | 'files'>;

/**
 * Makes the package `folder`: `fill` writes its files into a temporary folder beside it and says what they are; then `model.json` is added
 * and the folder gets its name. Whatever interrupts this, `folder` is whole, or as it was before; what a killed process left beside it, the next one removes. Throws `ConvertError` where it exists and `replace` is not set.
 */
export async function createPackage(
	folder: string,
	{replace}: {replace: boolean},
	fill: (temporary: string) => Promise<ManifestDraft>,
): Promise<ModelManifest> {
	const target = path.resolve(folder);
	if (!replace && (await exists(target))) {
		throw new ConvertError('exists', `${target} exists already: remove it first, or choose another name.`);
	}
	const temporary = await beginFolder(target);
	try {
		const draft = await fill(temporary);
		const manifest = modelManifest.parse({formatVersion: 1, ...draft, files: await describeFiles(temporary)});
		await writeSynced(path.join(temporary, manifestFile), `${JSON.stringify(manifest, undefined, '\t')}\n`);
		await finishFolder(temporary, target);
		return manifest;
	} catch (error) {
		await rm(temporary, {recursive: true, force: true});
		throw error;
	}
}

async function describeFiles(folder: string): Promise<ModelManifest['files']> {
	const files: ModelManifest['files'] = [];
	for (const name of (await readdir(folder)).sort()) {
		const file = path.join(folder, name);
		files.push({name, size: (await stat(file)).size, sha256: await sha256OfFile(file)});
	}
	return files;
}

async function writeSynced(file: string, text: string): Promise<void> {
	const handle = await open(file, 'wx');
	try {
		await handle.writeFile(text);
		await handle.sync();
	} finally {
		await handle.close();
	}
}

const exists = (file: string) =>
	stat(file).then(
		() => true,
		() => false,
	);
