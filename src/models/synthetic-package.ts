import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import type {Scheme} from '../convert/linear.js';
import {convertLm} from '../convert/lm-graph.js';
import {convertMimi} from '../convert/mimi-graph.js';
import {createPackage} from '../convert/package-folder.js';
import {Safetensors} from '../convert/safetensors.js';
import {syntheticCheckpoint} from '../convert/synthetic-checkpoint.js';
import type {SyntheticModel} from '../convert/synthetic-shapes.js';
import {manifestFile} from '../engine/model-package.js';
import {cacheFolder} from '../system/folders.js';

/** Raised when a synthetic package of before would no longer be what is made now. */
const revision = 1;

/** Part of the work that Mimi is. */
const mimiShare = 0.1;

/** Where the synthetic package of `model` lies once it was made. */
export const syntheticFolder = (model: SyntheticModel, scheme: Scheme, folder: string = cacheFolder): string =>
	path.join(folder, 'synthetic', `${model}-${scheme}-${revision}`);

/**
 * A package of the shapes of `model` from seeded random numbers, made by the converter itself, in the cache folder: made once, found there afterwards.
 * Returns its folder. `onProgress` is called, with the part that is done, only where it is made.
 */
export async function syntheticPackage(
	model: SyntheticModel,
	scheme: Scheme,
	{folder = cacheFolder, onProgress}: {folder?: string; onProgress?: (fraction: number) => void} = {},
): Promise<string> {
	const packageFolder = syntheticFolder(model, scheme, folder);
	if (existsSync(path.join(packageFolder, manifestFile))) return packageFolder;

	const {config, tokenizer, ...files} = syntheticCheckpoint(model);
	const lm = await Safetensors.open(files.lm, `synthetic ${model}`);
	const mimi = await Safetensors.open(files.mimi, 'synthetic Mimi');
	await createPackage(packageFolder, {replace: true}, async temporary => {
		onProgress?.(0);
		const shape = await convertMimi(temporary, {
			checkpoint: mimi,
			config: config.mimi,
			codebooks: config.n_q,
			onProgress: (done, total) => onProgress?.((mimiShare * done) / total),
		});
		const decoder = await convertLm(temporary, {
			checkpoint: lm,
			config,
			scheme,
			takesFeatures: false,
			onProgress: (done, total) => onProgress?.(mimiShare + ((1 - mimiShare) * done) / total),
		});
		await writeFile(path.join(temporary, config.tokenizer_name), tokenizer);
		return {
			id: `synthetic-${model}`,
			name: `Random numbers in the shapes of ${model}`,
			family: 'delayed-streams',
			languages: ['und'],
			licence: {name: 'none', attribution: 'Random numbers belong to nobody.'},
			source: {description: 'seeded random numbers'},
			quantisation: scheme,
			...shape,
			delayMs: config.stt_config.audio_delay_seconds * 1000,
			silencePrefixMs: config.stt_config.audio_silence_prefix_seconds * 1000,
			tokens: {
				start: config.text_card,
				padding: config.existing_text_padding_id,
				endOfPadding: config.existing_text_end_padding_id,
			},
			lm: decoder,
			tokenizer: config.tokenizer_name,
			accuracy: [],
		};
	});
	return packageFolder;
}
