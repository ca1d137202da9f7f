import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import {ModelError} from '../models/model-error.js';
import {embeddedId, type FoundModel, findModel, modelFolders} from '../models/model-store.js';
import {UsageError} from './usage-error.js';

export {embeddedId};

/** A package and what it says of itself (untrusted texts). */
export type ChosenModel = FoundModel;

/**
 * The package that `wanted` means: the id of one that is here, or the path of a package folder. Its `model.json` is read, its other files are not looked at yet.
 * `modelsDir`: look for ids there alone. Throws `UsageError` for an unknown one, `EngineError` for a bad `model.json`.
 */
export async function chooseModel(wanted: string = embeddedId, modelsDir?: string): Promise<ChosenModel> {
	try {
		return await findModel(wanted, modelsDir ? {shipped: path.resolve(modelsDir), installed: modelsDir} : modelFolders);
	} catch (error) {
		if (error instanceof ModelError && error.code === 'unknown') throw new UsageError(error.message, {cause: error});
		throw error;
	}
}

/** `about 7 of 10 words wrong for a new speaker`, as it was measured; undefined where it was not. */
export function accuracyText({accuracy}: ModelManifest): string | undefined {
	const heard = accuracy.filter(source => source.isNewSpeaker);
	const words = heard.reduce((sum, source) => sum + source.words, 0);
	const wrong = heard.reduce((sum, source) => sum + source.wrong, 0);
	return words > 0 ? `about ${Math.round((10 * wrong) / words)} of 10 words wrong for a new speaker` : undefined;
}
