import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import {embeddedConfig, readConfig} from './checkpoint-config.js';
import {createDelayedStreamsPackage, type PackageOptions} from './delayed-streams-package.js';
import {convertLogMel} from './log-mel-graph.js';
import {openSafetensors} from './safetensors.js';

/** What the package is to be, beside what its checkpoint says. */
export type EmbeddedOptions = PackageOptions;

const checkpointName = 'model.safetensors';

/**
 * Makes the package `packageFolder` from a checkpoint of the embedded model: a folder with `config.json`, `model.safetensors` and the tokenizer.
 * The checkpoint is streamed; the largest tensor is what is in memory. Returns the manifest that was written.
 * Throws `ConvertError`, naming the first tensor that is missing, of the wrong shape or dtype, and then leaves nothing behind.
 */
export async function convertEmbedded(
	checkpointFolder: string,
	packageFolder: string,
	options: EmbeddedOptions,
): Promise<ModelManifest> {
	const config = await readConfig(path.join(checkpointFolder, 'config.json'), embeddedConfig);
	const checkpoint = await openSafetensors(path.join(checkpointFolder, checkpointName));
	const convertFrontend = async (folder: string) => ({
		...(await convertLogMel(folder, {checkpoint, config: config.frontend, dim: config.dim})),
		sampleRate: config.frontend.sample_rate,
	});
	try {
		return await createDelayedStreamsPackage(
			packageFolder,
			{
				folder: checkpointFolder,
				config,
				lm: checkpoint,
				lmName: checkpointName,
				languages: config.languages,
				convertFrontend,
				frontendShare: 0,
			},
			options,
		);
	} finally {
		await checkpoint.close();
	}
}
