import {readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {convertEmbedded} from '../convert/convert-embedded.js';
import {ConvertError} from '../convert/convert-error.js';
import {convertKyutai} from '../convert/convert-kyutai.js';
import type {PackageOptions} from '../convert/delayed-streams-package.js';
import type {ModelManifest} from '../engine/model-package.js';
import {type CatalogueModel, readCatalogue} from './catalogue.js';

/** Where to and how. What the catalogue does not know of the checkpoint, the folder's name has to say. */
export type ConvertOptions = Pick<PackageOptions, 'scheme' | 'id' | 'replace' | 'signal' | 'onProgress'> & {
	/** Folder of the package. */
	output: string;
	/** What the checkpoint is, where that is known. */
	model?: CatalogueModel;
};

/**
 * Makes a package of the checkpoint in `folder`: Kyutai's files, or those of an embedded model, as its `config.json` says. Returns the manifest. Throws `ConvertError`, and
 * leaves nothing half-made.
 */
export async function convertCheckpoint(folder: string, options: ConvertOptions): Promise<ModelManifest> {
	const {output, model, ...rest} = options;
	const known = model ?? (await recognise(folder));
	const identity = known
		? {
				name: known.name,
				licence: known.licence,
				source: {description: known.repository, revision: known.revision},
			}
		: {
				name: options.id,
				licence: {name: 'unknown', attribution: 'As the checkpoint that it was converted from says.'},
				source: {description: path.basename(path.resolve(folder))},
			};
	if (await isEmbedded(folder)) return convertEmbedded(folder, output, {...identity, ...rest});
	return convertKyutai(folder, output, {...identity, ...rest, ...(known ? {languages: known.languages} : {})});
}

/** The catalogue's model whose files these are, by their names and sizes. */
export async function recognise(folder: string): Promise<CatalogueModel | undefined> {
	for (const model of await readCatalogue()) {
		const sizes = await Promise.all(
			model.files.map(({name}) =>
				stat(path.join(folder, name)).then(
					({size}) => size,
					() => undefined,
				),
			),
		);
		if (model.files.every(({size}, i) => size === sizes[i])) return model;
	}
	return undefined;
}

/** An embedded model's `config.json` has a frontend of its own; what is wrong with it, the conversion says. */
async function isEmbedded(folder: string): Promise<boolean> {
	const file = path.join(folder, 'config.json');
	const text = await readFile(file, 'utf8').catch(error => {
		throw new ConvertError('bad-config', `${file} cannot be read (${error.code}): is ${folder} a checkpoint?`, {
			cause: error,
		});
	});
	try {
		return 'frontend' in JSON.parse(text);
	} catch {
		return false;
	}
}
