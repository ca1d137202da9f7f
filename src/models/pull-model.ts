import {mkdir, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import type {Scheme} from '../convert/linear.js';
import {dataFolder} from '../system/folders.js';
import type {CatalogueModel} from './catalogue.js';
import {convertCheckpoint} from './convert-checkpoint.js';
import {freeBytes, requireSpace} from './disk-space.js';
import {type DownloadOptions, downloadFile} from './download-file.js';
import {fileUrl} from './hub-request.js';
import {ModelError} from './model-error.js';
import {type ModelFolders, modelFolders} from './model-store.js';
import {prepareModel} from './prepare-model.js';

/** What a pull does, as it does it. `download` counts the bytes of all files. */
export type PullEvent =
	| {type: 'download'; file: string; receivedBytes: number; totalBytes: number}
	| {type: 'retry'; file: string; reason: string; pauseMs: number}
	| {type: 'convert' | 'prepare'; fraction: number}
	| {type: 'unprepared'; reason: string};

/** How a model is pulled. */
export type PullOptions = {
	/** Where from: a checked URL. */
	baseUrl: URL;
	scheme: Scheme;
	/** The checkpoint stays, for another conversion. */
	keepsCheckpoint?: boolean;
	/** A package of this name is replaced. */
	replace?: boolean;
	folders?: ModelFolders;
	signal?: AbortSignal;
	onEvent?: (event: PullEvent) => void;
	/** Pauses and patience of the download. */
	download?: Pick<DownloadOptions, 'stallMs' | 'firstPauseMs' | 'maxFailures'>;
};

/** What a pull takes of the disk, in bytes. */
export type PullCost = {
	downloadBytes: number;
	/** At most at any time, and when all is done. */
	peakBytes: number;
	finalBytes: number;
	freeBytes: number;
};

/** What pulling `model` would take; nothing is asked of the network. */
export async function pullCost(
	model: CatalogueModel,
	{scheme, keepsCheckpoint = false}: Pick<PullOptions, 'scheme' | 'keepsCheckpoint'>,
): Promise<PullCost> {
	const {package: packageBytes, prepared} = model.bytes[scheme];
	const checkpoint = totalBytes(model);
	const kept = keepsCheckpoint ? checkpoint : 0;
	return {
		downloadBytes: checkpoint,
		// One graph lies there twice while it is prepared.
		peakBytes: Math.max(checkpoint + packageBytes, kept + packageBytes + 1.85 * prepared),
		finalBytes: kept + packageBytes + prepared,
		freeBytes: await freeBytes(dataFolder),
	};
}

/**
 * Fetches, converts and prepares `model`; what an earlier, interrupted pull fetched is gone on with. Returns the folder of the package. Throws `ModelError`, `ConvertError`,
 * `EngineError`, and the signal's reason when that aborts: what was fetched stays then.
 */
export async function pullModel(model: CatalogueModel, options: PullOptions): Promise<string> {
	const {folders = modelFolders, signal, onEvent = () => {}, keepsCheckpoint = false, replace = false} = options;
	const output = path.join(folders.installed, model.id);
	if (!replace && (await exists(output))) {
		throw new ModelError(
			'exists',
			`The model \`${model.id}\` is installed: \`pi-caption models remove ${model.id}\` first, or say --replace.`,
		);
	}
	const checkpoint = checkpointFolder(model);
	await mkdir(checkpoint, {recursive: true, mode: 0o700});
	const release = await lock(checkpoint, model.id);
	try {
		await requireSpace(dataFolder, (await pullCost(model, options)).peakBytes - (await here(model)), 'pull the model');
		await fetchAll(model, checkpoint, options);
		await convertCheckpoint(checkpoint, {
			...{output, model, scheme: options.scheme, id: model.id, replace, signal},
			onProgress: fraction => onEvent({type: 'convert', fraction}),
		});
		if (!keepsCheckpoint) await rm(checkpoint, {recursive: true});
	} finally {
		await release();
	}
	try {
		await prepareModel(output, {signal, onProgress: fraction => onEvent({type: 'prepare', fraction})});
	} catch (error) {
		signal?.throwIfAborted();
		// The package is whole: it runs without its copy, with more memory.
		onEvent({type: 'unprepared', reason: (error as Error).message});
	}
	return output;
}

/** Where the files of `model` are fetched to, and stay with `keepsCheckpoint`. */
export const checkpointFolder = ({id, revision}: CatalogueModel): string =>
	path.join(dataFolder, 'checkpoints', `${id}-${revision.slice(0, 8)}`);

async function fetchAll(model: CatalogueModel, folder: string, options: PullOptions): Promise<void> {
	const {baseUrl, signal, onEvent = () => {}} = options;
	let before = 0;
	for (const {name, size, sha256} of model.files) {
		const url = fileUrl(baseUrl, model.repository, model.revision, name);
		await downloadFile(
			{url, file: path.join(folder, name), size, sha256},
			{
				...options.download,
				signal,
				onProgress: received =>
					onEvent({type: 'download', file: name, receivedBytes: before + received, totalBytes: totalBytes(model)}),
				onRetry: (reason, pauseMs) => onEvent({type: 'retry', file: name, reason, pauseMs}),
			},
		);
		before += size;
	}
}

/** Two pulls of one model would write into one file. A lock that a killed one left is taken over. */
async function lock(folder: string, id: string): Promise<() => Promise<void>> {
	try {
		const release = await lockfile.lock(folder, {
			lockfilePath: `${folder}.lock`,
			stale: 20_000,
			onCompromised: () => {},
		});
		return () => release().catch(() => {});
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
		throw new ModelError(
			'busy',
			`Another pi-caption is pulling \`${id}\`: wait for it, or stop it (a killed one is forgotten after 20 s).`,
		);
	}
}

/** Bytes of the files that an earlier pull fetched. */
async function here(model: CatalogueModel): Promise<number> {
	const folder = checkpointFolder(model);
	const sizes = await Promise.all(
		model.files.flatMap(({name}) =>
			[name, `${name}.partial`].map(one =>
				stat(path.join(folder, one)).then(
					({size}) => size,
					() => 0,
				),
			),
		),
	);
	return sizes.reduce((sum, size) => sum + size, 0);
}

const totalBytes = ({files}: CatalogueModel) => files.reduce((sum, {size}) => sum + size, 0);

const exists = (file: string) =>
	stat(file).then(
		() => true,
		() => false,
	);
