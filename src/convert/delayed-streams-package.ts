import {copyFile, readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {type ModelManifest, sha256OfFile} from '../engine/model-package.js';
import {readPieces} from '../engine/tokenizer.js';
import type {LmConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import type {Scheme} from './linear.js';
import {convertLm} from './lm-graph.js';
import {createPackage} from './package-folder.js';
import type {Safetensors} from './safetensors.js';

/** What a package is to be, beside what its checkpoint says. */
export type PackageOptions = {
	scheme: Scheme;
	id: string;
	name: string;
	licence: ModelManifest['licence'];
	/** Where the checkpoint comes from; the sha256 of the decoder's file is added. */
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

/** A checkpoint in a folder, opened, and how its frontend is converted. */
export type DelayedStreamsCheckpoint = {
	folder: string;
	config: LmConfig & {tokenizer_name: string};
	/** File of the decoder, and its name in `folder`. */
	lm: Safetensors;
	lmName: string;
	languages: string[];
	/** Writes `frontend.onnx` and `frontend.weights` into `folder`; calls `report` with the part of that work that is done, 0 … 1. */
	convertFrontend: (folder: string, report: (fraction: number) => void) => Promise<FrontendShape>;
	/** Part of the whole work that the frontend is. */
	frontendShare: number;
};

/** What a manifest says of the frontend. */
export type FrontendShape = Pick<ModelManifest, 'sampleRate' | 'frameSamples' | 'frontend'>;

/** Part of the whole work that reading the checkpoint once more for its sha256 is. */
const sha256Share = 0.1;

/**
 * Makes the package `packageFolder` of `checkpoint`: frontend, decoder, tokenizer and manifest, which is returned. Tensors are streamed; the largest one is what is in memory.
 * Throws `ConvertError`, naming the first tensor that is missing, of the wrong shape or dtype, and then leaves nothing behind.
 */
export async function createDelayedStreamsPackage(
	packageFolder: string,
	checkpoint: DelayedStreamsCheckpoint,
	options: PackageOptions,
): Promise<ModelManifest> {
	const {scheme, id, name, licence, accuracy = [], replace = false, signal, onProgress} = options;
	const {config, lm, frontendShare} = checkpoint;
	const lmShare = 1 - frontendShare - sha256Share;
	const report = (fraction: number) => {
		signal?.throwIfAborted();
		onProgress?.(fraction);
	};
	return createPackage(packageFolder, {replace}, async folder => {
		report(0);
		const {sampleRate, frameSamples, frontend} = await checkpoint.convertFrontend(folder, fraction =>
			report(frontendShare * fraction),
		);
		const shape = await convertLm(folder, {
			checkpoint: lm,
			config,
			scheme,
			takesFeatures: frontend.type === 'log-mel',
			onProgress: (done, total) => report(frontendShare + (lmShare * done) / total),
		});
		await copyTokenizer(path.join(checkpoint.folder, config.tokenizer_name), folder);
		const sha256 = await sha256OfFile(path.join(checkpoint.folder, checkpoint.lmName));
		report(1);
		return {
			id,
			name,
			family: 'delayed-streams',
			languages: checkpoint.languages,
			licence,
			source: {...options.source, sha256},
			quantisation: scheme,
			sampleRate,
			frameSamples,
			delayMs: config.stt_config.audio_delay_seconds * 1000,
			silencePrefixMs: config.stt_config.audio_silence_prefix_seconds * 1000,
			tokens: {
				start: config.text_card,
				padding: config.existing_text_padding_id,
				endOfPadding: config.existing_text_end_padding_id,
			},
			lm: shape,
			frontend,
			tokenizer: config.tokenizer_name,
			accuracy,
		};
	});
}

/** No real one comes near: a larger file is something else. */
const maxTokenizerBytes = 50_000_000;

/** Copies the tokenizer, which must be a SentencePiece model: what the engine would refuse is refused here. */
async function copyTokenizer(file: string, folder: string): Promise<void> {
	const copy = path.join(folder, path.basename(file));
	try {
		if ((await stat(file)).size > maxTokenizerBytes) {
			throw new ConvertError('bad-file', `${file} is too large for a tokenizer.`);
		}
		await copyFile(file, copy);
	} catch (error) {
		if (error instanceof ConvertError) throw error;
		const {code = String(error)} = error as NodeJS.ErrnoException;
		throw new ConvertError('bad-file', `${file} cannot be copied (${code}).`, {cause: error});
	}
	try {
		readPieces(await readFile(copy));
	} catch (error) {
		throw new ConvertError('bad-file', `${file}: ${(error as Error).message}`, {cause: error});
	}
}
