import path from 'node:path';
import {recordingDefault} from '../models/live-default.js';
import {ModelError} from '../models/model-error.js';
import {embeddedId, type FoundModel, findModel} from '../models/model-store.js';
import {UsageError} from './usage-error.js';

export {accuracyText} from '../models/accuracy-text.js';
export {embeddedId};

/** A package and what it says of itself (untrusted texts). */
export type ChosenModel = FoundModel;

/**
 * The package that `wanted` means: the id of one that is here, or the path of a package folder; where nothing is wanted, the largest model that is here: recordings wait for nobody.
 * Its `model.json` is read, its other files are not looked at yet. `modelsDir`: look for ids there alone, and take the embedded one where nothing is wanted. Throws
 * `UsageError` for an unknown one, `EngineError` for a bad `model.json`.
 */
export async function chooseModel(wanted?: string, modelsDir?: string): Promise<ChosenModel> {
	try {
		if (modelsDir) return await findModel(wanted, {shipped: path.resolve(modelsDir), installed: modelsDir});
		const chosen = wanted === undefined ? await recordingDefault() : undefined;
		return chosen ?? (await findModel(wanted));
	} catch (error) {
		if (error instanceof ModelError && error.code === 'unknown') throw new UsageError(error.message, {cause: error});
		throw error;
	}
}
