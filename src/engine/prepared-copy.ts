import {createHash} from 'node:crypto';
import {lstat, readFile} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {cacheFolder, dataFolder, modelsFolder} from '../system/folders.js';
import {machineKey} from './machine-key.js';
import {fileEntry, manifestFile, sha256OfFile} from './model-package.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** `prepared.json`: what a prepared copy says of itself. */
export const preparedRecord = z.object({
	formatVersion: z.literal(1),
	/** Of the `model.json` that it was made from: another package of the same name is another model. */
	packageSha256: sha256,
	/** `machineKey` of the machine and the ONNX Runtime that it was made for. */
	machine: z.string().max(200),
	files: z.array(fileEntry).length(4),
});

/** A parsed `prepared.json`. */
export type PreparedRecord = z.infer<typeof preparedRecord>;

/** Name of the file in a prepared copy that describes the others. */
export const preparedFile = 'prepared.json';

/** The files of a prepared copy. */
export const preparedGraphs = ['frontend', 'lm'] as const;

/**
 * Where the prepared copy of the package at `modelDir` for this machine is, or would be: `prepared/<machine>` in an installed package and in one of the cache folder; below the
 * user's data folder for others, which may be read-only. What lies there may be deleted at any time.
 */
export async function preparedFolder(modelDir: string): Promise<string> {
	const inside = path.join('prepared', machineKey());
	const installed = path.resolve(modelDir);
	const owned = [modelsFolder, path.join(cacheFolder, 'synthetic')].map(folder => path.resolve(folder));
	if (owned.includes(path.dirname(installed))) return path.join(installed, inside);
	return path.join(dataFolder, 'prepared', (await packageSha256(modelDir)).slice(0, 16), inside);
}

/** sha256 of a package's `model.json`, which has the sha256 of everything else. */
export async function packageSha256(modelDir: string): Promise<string> {
	return createHash('sha256')
		.update(await readFile(path.join(modelDir, manifestFile)))
		.digest('hex');
}

/** How a prepared copy is: `stale` was made from another package or for another machine, `damaged` has a file that is missing or not as it was. */
export type PreparedState = {state: 'none' | 'stale' | 'damaged' | 'ready'; folder: string};

/**
 * Looks for the prepared copy of the package at `modelDir` and checks it. Its files are read whole only the first time: then their size, times and inode
 * are written down, and while those stay as they are the bytes count as checked, so a start reads nothing twice. `isThorough` reads them in any case.
 */
export async function findPrepared(modelDir: string, {isThorough = false} = {}): Promise<PreparedState> {
	const folder = await preparedFolder(modelDir);
	const record = await readJsonRecord(path.join(folder, preparedFile), preparedRecord);
	if (!record) return {state: (await exists(folder)) ? 'damaged' : 'none', folder};
	if (record.machine !== machineKey() || record.packageSha256 !== (await packageSha256(modelDir))) {
		return {state: 'stale', folder};
	}
	const isWhole = await areChecked(folder, record, isThorough);
	return {state: isWhole ? 'ready' : 'damaged', folder};
}

/** Names that a prepared copy has, whatever its `prepared.json` says. */
const names = preparedGraphs.flatMap(graph => [`${graph}.onnx`, `${graph}.weights`]).sort();

/** `checked.json`: what the system said of each file when its sha256 was found to be right. */
const checkedRecord = z.record(z.string().max(100), z.string().max(200));
const checkedFile = 'checked.json';

async function areChecked(folder: string, {files}: PreparedRecord, isThorough: boolean): Promise<boolean> {
	if (
		files
			.map(({name}) => name)
			.sort()
			.join() !== names.join()
	)
		return false;
	const known = isThorough ? undefined : await readJsonRecord(path.join(folder, checkedFile), checkedRecord);
	const found: Record<string, string> = {};
	try {
		for (const {name, size, sha256} of files) {
			const file = path.join(folder, name);
			const info = await lstat(file, {bigint: true});
			if (!info.isFile() || Number(info.size) !== size) return false;
			found[name] = [info.dev, info.ino, info.size, info.mtimeNs, info.ctimeNs, sha256].join(' ');
			if (known?.[name] !== found[name] && (await sha256OfFile(file)) !== sha256) return false;
		}
	} catch {
		return false;
	}
	const isNew = files.some(({name}) => known?.[name] !== found[name]);
	// A folder that cannot be written to is read whole every time.
	if (isNew) await writeJsonRecord(path.join(folder, checkedFile), found).catch(() => {});
	return true;
}

const exists = (file: string) =>
	lstat(file).then(
		() => true,
		() => false,
	);
