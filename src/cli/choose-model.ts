import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import {projectRoot} from '../system/project-root.js';
import {UsageError} from './usage-error.js';

/** The model that comes with the project. */
export const embeddedId = 'embedded';

/** A package and what it says of itself (untrusted texts). */
export type ChosenModel = {dir: string; manifest: ModelManifest; isEmbedded: boolean};

/**
 * The package that `wanted` means: the id of one in `modelsDir`, or the path of a package folder. Its `model.json` is read, its other files are not looked at yet.
 * Throws `UsageError` for an unknown one, `EngineError` for a bad `model.json`.
 */
export async function chooseModel(
	wanted: string = embeddedId,
	modelsDir: string = path.join(projectRoot, 'models'),
): Promise<ChosenModel> {
	const dir = findPackage(wanted, modelsDir);
	const {readManifest} = await import('../engine/model-package.js');
	return {dir, manifest: await readManifest(dir), isEmbedded: dir === path.join(modelsDir, embeddedId)};
}

function findPackage(wanted: string, modelsDir: string): string {
	const known = knownIds(modelsDir);
	// Where the embedded package is missing, reading it says so better than "unknown" would.
	if (wanted === embeddedId || known.includes(wanted)) return path.join(modelsDir, wanted);
	if (isPackage(wanted)) return path.resolve(wanted);
	const list = known.length > 0 ? known.join(', ') : 'none';
	throw new UsageError(`There is no model \`${wanted}\`; known here: ${list} (or give the folder of a model package).`);
}

function knownIds(modelsDir: string): string[] {
	const names = existsSync(modelsDir) ? readdirSync(modelsDir) : [];
	return names.filter(name => isPackage(path.join(modelsDir, name))).sort();
}

const isPackage = (folder: string) => existsSync(path.join(folder, 'model.json'));

/** `about 7 of 10 words wrong for a new speaker`, as it was measured; undefined where it was not. */
export function accuracyText({accuracy}: ModelManifest): string | undefined {
	const heard = accuracy.filter(source => source.isNewSpeaker);
	const words = heard.reduce((sum, source) => sum + source.words, 0);
	const wrong = heard.reduce((sum, source) => sum + source.wrong, 0);
	return words > 0 ? `about ${Math.round((10 * wrong) / words)} of 10 words wrong for a new speaker` : undefined;
}
