import path from 'node:path';
import type {ModelManifest} from '../engine/model-package.js';
import {type KyutaiConfig, kyutaiConfig, readConfig} from './checkpoint-config.js';
import {createDelayedStreamsPackage, type PackageOptions} from './delayed-streams-package.js';
import {findLmTensors} from './lm-tensors.js';
import {convertMimi} from './mimi-graph.js';
import {findMimiTensors} from './mimi-tensors.js';
import {openSafetensors, type Safetensors} from './safetensors.js';
import {refuseUnknownLmTensors, refuseUnknownMimiTensors} from './unknown-tensors.js';

/** What the package is to be, beside what its checkpoint says. */
export type KyutaiOptions = PackageOptions & {
	/** @default what the tokenizer's name tells (`tokenizer_en_fr_…`), else `und`, undetermined */
	languages?: string[];
};

/** Part of the whole work that Mimi is, by the bytes that are read for the 1B model. */
const mimiShare = 0.1;

/**
 * Makes the package `packageFolder` from a checkpoint as Kyutai publishes it (`kyutai/stt-1b-en_fr`, `…-candle`, `kyutai/stt-2.6b-en`; specs: kyutai-stt §1–3):
 * a folder with `config.json` and the files that it names: decoder (`moshi_name`), Mimi (`mimi_name`) and tokenizer (`tokenizer_name`).
 * Tensors are streamed; the largest one is what is in memory. Returns the manifest that was written.
 *
 * Everything is checked before anything is written. Throws `ConvertError`, naming the first tensor that is missing, unknown, or of the wrong shape or dtype,
 * and then leaves nothing behind.
 */
export async function convertKyutai(
	checkpointFolder: string,
	packageFolder: string,
	options: KyutaiOptions,
): Promise<ModelManifest> {
	const read = await readConfig(path.join(checkpointFolder, 'config.json'), kyutaiConfig);
	const lm = await openSafetensors(path.join(checkpointFolder, read.moshi_name));
	try {
		const mimi = await openSafetensors(path.join(checkpointFolder, read.mimi_name));
		try {
			const config = withFoundHeads(read, lm);
			checkTensors(config, lm, mimi);
			return await createDelayedStreamsPackage(
				packageFolder,
				{
					folder: checkpointFolder,
					config,
					lm,
					lmName: config.moshi_name,
					languages: options.languages ?? languagesOf(config.tokenizer_name),
					convertFrontend: (folder, report) =>
						convertMimi(folder, {
							checkpoint: mimi,
							config: config.mimi,
							codebooks: config.n_q,
							onProgress: (done, total) => report(done / total),
						}),
					frontendShare: mimiShare,
				},
				options,
			);
		} finally {
			await mimi.close();
		}
	} finally {
		await lm.close();
	}
}

/** The candle repository has VAD heads that the other one lacks, and its `config.json` need not mention them: where it does not, the file counts. */
function withFoundHeads(config: KyutaiConfig, lm: Safetensors): KyutaiConfig {
	let heads = config.extra_heads_num_heads;
	if (heads === 0) while (lm.tensors.has(`extra_heads.${heads}.weight`)) heads++;
	return {...config, extra_heads_num_heads: heads};
}

function checkTensors(config: KyutaiConfig, lm: Safetensors, mimi: Safetensors): void {
	findLmTensors(lm, config);
	refuseUnknownLmTensors(lm, config);
	findMimiTensors(mimi, config.mimi, config.n_q);
	refuseUnknownMimiTensors(mimi, config.mimi);
}

/** `tokenizer_en_fr_audio_8000.model` → en, fr */
function languagesOf(tokenizer: string): string[] {
	const codes = /^tokenizer_((?:[a-z]{2}_)+)/.exec(tokenizer)?.[1];
	return codes ? codes.slice(0, -1).split('_') : ['und'];
}
