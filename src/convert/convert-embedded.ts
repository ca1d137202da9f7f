import {copyFile} from 'node:fs/promises';
import path from 'node:path';
import {type ModelManifest, sha256OfFile} from '../engine/model-package.js';
import {embeddedConfig, readConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import type {Scheme} from './linear.js';
import {convertLm} from './lm-graph.js';
import {convertLogMel} from './log-mel-graph.js';
import {createPackage} from './package-folder.js';
import {openSafetensors} from './safetensors.js';

/** What the package is to be, beside what its checkpoint says. */
export type EmbeddedOptions = {
	scheme: Scheme;
	id: string;
	name: string;
	licence: ModelManifest['licence'];
	/** Where the checkpoint comes from; its sha256 is added. */
	source: {description: string; revision?: string};
	/** @default [] */
	accuracy?: ModelManifest['accuracy'];
	/** Whether an older package of this folder is replaced. @default false */
	replace?: boolean;
	/** Ends the conversion with its reason; nothing is left behind. */
	signal?: AbortSignal;
	/** Called with the part of the work that is done, 0 … 1. */
	onProgress?: (fraction: number) => void;
};

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
	const {scheme, id, name, licence, accuracy = [], replace = false, signal, onProgress} = options;
	const report = (fraction: number) => {
		signal?.throwIfAborted();
		onProgress?.(fraction);
	};
	const config = await readConfig(path.join(checkpointFolder, 'config.json'), embeddedConfig);
	const checkpointFile = path.join(checkpointFolder, 'model.safetensors');
	const checkpoint = await openSafetensors(checkpointFile);
	try {
		return await createPackage(packageFolder, {replace}, async folder => {
			report(0);
			const {frameSamples, frontend} = await convertLogMel(folder, {
				checkpoint,
				config: config.frontend,
				dim: config.dim,
			});
			const lm = await convertLm(folder, {
				checkpoint,
				config,
				scheme,
				takesFeatures: true,
				onProgress: (done, total) => report((0.9 * done) / total),
			});
			await copyTokenizer(path.join(checkpointFolder, config.tokenizer_name), folder);
			const sha256 = await sha256OfFile(checkpointFile);
			report(1);
			return {
				id,
				name,
				family: 'delayed-streams',
				languages: config.languages,
				licence,
				source: {...options.source, sha256},
				quantisation: scheme,
				sampleRate: config.frontend.sample_rate,
				frameSamples,
				delayMs: config.stt_config.audio_delay_seconds * 1000,
				silencePrefixMs: config.stt_config.audio_silence_prefix_seconds * 1000,
				tokens: {
					start: config.text_card,
					padding: config.existing_text_padding_id,
					endOfPadding: config.existing_text_end_padding_id,
				},
				lm,
				frontend,
				tokenizer: config.tokenizer_name,
				accuracy,
			};
		});
	} finally {
		await checkpoint.close();
	}
}

async function copyTokenizer(file: string, folder: string): Promise<void> {
	try {
		await copyFile(file, path.join(folder, path.basename(file)));
	} catch (error) {
		const {code = String(error)} = error as NodeJS.ErrnoException;
		throw new ConvertError('bad-file', `${file} cannot be copied (${code}).`, {cause: error});
	}
}
