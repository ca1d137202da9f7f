import {copyFile, mkdir, readdir, rm, stat} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {machineKey} from '../engine/machine-key.js';
import {readModelPackage, sha256OfFile} from '../engine/model-package.js';
import {
	findPrepared,
	type PreparedRecord,
	packageSha256,
	preparedFile,
	preparedGraphs,
} from '../engine/prepared-copy.js';
import {writeJsonRecord} from '../system/atomic-file.js';
import {beginFolder, finishFolder} from '../system/unfinished-folder.js';
import {alignWeights} from './align-weights.js';
import {benchFile} from './bench-figures.js';
import {requireSpace, sizeText} from './disk-space.js';
import {ModelError} from './model-error.js';
import {runNative} from './run-native.js';

/** How preparing goes. `isForced`: made anew although it is there and whole. */
export type PrepareOptions = {
	isForced?: boolean;
	signal?: AbortSignal;
	/** Called with the part of the work that is done, 0 … 1. */
	onProgress?: (fraction: number) => void;
};

/**
 * Makes the prepared copy of the package at `modelDir` for this machine (design §7): its graphs as ONNX Runtime optimises them, with the packed weights on the disk, from where
 * they are mapped. Each tensor stays in it beside its packed form: ONNX Runtime packs it again at every load, knows the packed form by its hash, and maps that.
 * It gets its name only when eight fixed frames came out of it as they come out of the package. False where a whole one was there already.
 * Throws `EngineError` for a bad package, `ModelError` for what the machine does not give.
 */
export async function prepareModel(
	modelDir: string,
	{isForced = false, signal, onProgress = () => {}}: PrepareOptions = {},
): Promise<boolean> {
	onProgress(0);
	const manifest = await readModelPackage(modelDir);
	const {state, folder} = await findPrepared(modelDir, {isThorough: true});
	if (state === 'ready' && !isForced) return false;

	const weightBytes = manifest.files.reduce((sum, {size}) => sum + size, 0);
	await requireMemory(weightBytes);
	await requireSpace(path.dirname(folder), preparedBytes(weightBytes), 'prepare the model');
	const unfinished = await beginFolder(folder);
	try {
		await build(modelDir, unfinished, {signal, onProgress});
		const isSame = await runNative({type: 'compare', modelDir, preparedDir: unfinished}, {signal});
		if (!isSame) {
			throw new ModelError(
				'native',
				'The prepared copy computes something else than the model: the model runs without.',
			);
		}
		const record: PreparedRecord = {
			formatVersion: 1,
			packageSha256: await packageSha256(modelDir),
			machine: machineKey(),
			files: await describe(unfinished),
		};
		await writeJsonRecord(path.join(unfinished, preparedFile), record);
		// What was measured on this machine stays true.
		await copyFile(path.join(folder, benchFile), path.join(unfinished, benchFile)).catch(() => {});
		signal?.throwIfAborted();
		await finishFolder(unfinished, folder);
		await removeOutdated(folder);
		onProgress(1);
		return true;
	} catch (error) {
		await rm(unfinished, {recursive: true, force: true});
		throw error;
	}
}

/** Bytes on the disk while a package of `weightBytes` is prepared: the copy, and one graph as ONNX Runtime writes it first. */
export const preparedBytes = (weightBytes: number): number => 3.3 * weightBytes;

type Build = Required<Pick<PrepareOptions, 'onProgress'>> & Pick<PrepareOptions, 'signal'>;

async function build(modelDir: string, folder: string, {signal, onProgress}: Build): Promise<void> {
	const saved = path.join(folder, 'saved');
	for (const [i, graph] of preparedGraphs.entries()) {
		await mkdir(saved);
		const [file, target] = [path.join(modelDir, `${graph}.onnx`), path.join(saved, `${graph}.onnx`)];
		await runNative({type: 'save-graph', file, target, weightsName: `${graph}.weights`}, {signal});
		onProgress(0.2 + 0.35 * i);
		await alignWeights(saved, folder, graph, () => signal?.throwIfAborted());
		await rm(saved, {recursive: true});
		onProgress(0.3 + 0.4 * i);
	}
}

/** Copies for this processor by an earlier ONNX Runtime are of no use any more, and large. */
async function removeOutdated(folder: string): Promise<void> {
	const [, processor] = /^[^-]+(-.+)$/.exec(path.basename(folder))!;
	for (const name of await readdir(path.dirname(folder))) {
		const isOutdated = /^\d/.test(name) && name.endsWith(processor!) && name !== path.basename(folder);
		if (isOutdated) await rm(path.join(path.dirname(folder), name), {recursive: true, force: true});
	}
}

async function describe(folder: string): Promise<PreparedRecord['files']> {
	const names = preparedGraphs.flatMap(graph => [`${graph}.onnx`, `${graph}.weights`]);
	const files: PreparedRecord['files'] = [];
	for (const name of names) {
		const file = path.join(folder, name);
		files.push({name, size: (await stat(file)).size, sha256: await sha256OfFile(file)});
	}
	return files;
}

/** Packing holds all packed weights in memory once. */
async function requireMemory(weightBytes: number): Promise<void> {
	const needed = 1.2 * weightBytes + 100e6;
	// Knows a cgroup's limit; Node before 20.13 does not have it.
	const free = process.availableMemory?.() ?? os.freemem();
	if (free >= needed) return;
	throw new ModelError(
		'no-memory',
		`Preparing this model takes ${sizeText(needed)} of memory and ${sizeText(free)} are free: close other programs, or use it without preparing.`,
	);
}
