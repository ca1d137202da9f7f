import {existsSync} from 'node:fs';
import {readdir, realpath, rm} from 'node:fs/promises';
import path from 'node:path';
import {type ModelManifest, readManifest} from '../engine/model-package.js';
import {modelsFolder} from '../system/folders.js';
import {projectRoot} from '../system/project-root.js';
import {ModelError} from './model-error.js';

/** The model that comes with the project. */
export const embeddedId = 'embedded';

/** Where packages are: those that come with the project, and those that the user installed. */
export type ModelFolders = {shipped: string; installed: string};

/** The folders of this installation and this user. */
export const modelFolders: ModelFolders = {shipped: path.join(projectRoot, 'models'), installed: modelsFolder};

/** A package and what it says of itself (untrusted texts). */
export type FoundModel = {
	/** What `--model` takes: the folder's name, or the folder where it is none of ours. */
	id: string;
	dir: string;
	manifest: ModelManifest;
	isEmbedded: boolean;
	/** Whether the user installed it and may remove it. */
	isInstalled: boolean;
};

/** A folder that should be a package and is none. */
export type BrokenModel = {id: string; dir: string; isInstalled: boolean; error: Error};

/**
 * The package that `wanted` means: the id of one that is here, or the path of a package folder. Its `model.json` is read, its other files are not looked at yet.
 * Throws `ModelError` for an unknown one, `EngineError` for a bad `model.json`.
 */
export async function findModel(
	wanted: string = embeddedId,
	folders: ModelFolders = modelFolders,
): Promise<FoundModel> {
	const places = await knownPlaces(folders);
	const place = places.find(({id}) => id === wanted) ?? placeOf(wanted, folders);
	if (place) return read(place);
	const list = places.length > 0 ? places.map(({id}) => id).join(', ') : 'none';
	throw new ModelError(
		'unknown',
		`There is no model \`${wanted}\`; known here: ${list} (or give the folder of a model package).`,
	);
}

/** Every package that is here, the shipped ones first, by id; those whose `model.json` is refused with the reason. */
export async function listModels(folders: ModelFolders = modelFolders): Promise<(FoundModel | BrokenModel)[]> {
	const places = await knownPlaces(folders);
	return Promise.all(
		places.map(place =>
			read(place).catch(error => ({id: place.id, dir: place.dir, isInstalled: place.isInstalled, error})),
		),
	);
}

/** Removes the installed package called `id`, its prepared copies with it. Throws `ModelError` where it is not one that may be removed. */
export async function removeModel(id: string, folders: ModelFolders = modelFolders): Promise<void> {
	const place = (await knownPlaces(folders)).find(one => one.id === id);
	if (!place) throw new ModelError('unknown', `There is no model \`${id}\` to remove.`);
	if (!place.isInstalled) throw new ModelError('unknown', `The model \`${id}\` comes with pi-caption and stays.`);
	// Never through a link: what it leads to was not put there by us.
	if ((await realpath(place.dir)) !== path.join(await realpath(folders.installed), id)) {
		throw new ModelError('unknown', `${place.dir} is a link: remove it yourself.`);
	}
	await rm(place.dir, {recursive: true});
}

/** Whether `id` may be the name of an installed package. */
export const isModelId = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id);

type Place = {id: string; dir: string; isEmbedded: boolean; isInstalled: boolean};

async function knownPlaces({shipped, installed}: ModelFolders): Promise<Place[]> {
	const ofProject = (await packagesIn(shipped)).map(id => ({
		id,
		dir: path.join(shipped, id),
		isEmbedded: id === embeddedId,
		isInstalled: false,
	}));
	const taken = new Set(ofProject.map(({id}) => id));
	const ofUser = shipped === installed ? [] : await packagesIn(installed);
	return [
		...ofProject,
		...ofUser
			.filter(id => isModelId(id) && !taken.has(id))
			.map(id => ({id, dir: path.join(installed, id), isEmbedded: false, isInstalled: true})),
	];
}

async function packagesIn(folder: string): Promise<string[]> {
	const names = await readdir(folder).catch(() => []);
	return names.filter(name => !name.startsWith('.') && isPackage(path.join(folder, name))).sort();
}

/** A package that has no id here. Where the embedded one is missing, reading it says so better than "unknown" would. */
function placeOf(wanted: string, {shipped}: ModelFolders): Place | undefined {
	if (wanted === embeddedId) {
		return {id: wanted, dir: path.join(shipped, wanted), isEmbedded: true, isInstalled: false};
	}
	if (!isPackage(wanted)) return undefined;
	const dir = path.resolve(wanted);
	return {id: dir, dir, isEmbedded: dir === path.join(shipped, embeddedId), isInstalled: false};
}

const read = async (place: Place): Promise<FoundModel> => ({...place, manifest: await readManifest(place.dir)});

const isPackage = (folder: string) => existsSync(path.join(folder, 'model.json'));
