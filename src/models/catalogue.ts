import {readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {projectRoot} from '../system/project-root.js';
import {ModelError} from './model-error.js';
import {isModelId} from './model-store.js';

const text = z.string().min(1).max(2000);
/** Kyutai's names have an @ in them; nothing that leads out of a folder, or hides in it. */
const fileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._@-]{0,199}$/);
const bytes = z.number().int().positive().max(1e12);

/** Small JSON may be pinned by revision and size alone; weights and tokenizers never. */
const maxUnhashedBytes = 65_536;

const catalogueFile = z
	.object({
		name: fileName,
		size: bytes,
		sha256: z
			.string()
			.regex(/^[0-9a-f]{64}$/)
			.optional(),
	})
	.refine(({name, size, sha256}) => sha256 !== undefined || (name.endsWith('.json') && size <= maxUnhashedBytes), {
		message: 'has no sha256, and only a small JSON file may do without',
	});

const sizes = z.object({package: bytes, prepared: bytes});

const catalogueModel = z.object({
	id: z.string().refine(isModelId),
	name: text,
	/** What it is good for, in half a sentence. */
	summary: text,
	languages: z.array(z.string().max(20)).min(1).max(200),
	licence: z.object({name: text, attribution: text}),
	/** `<owner>/<name>` on the hub, and the commit that the files are of. */
	repository: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/),
	revision: z.string().regex(/^[0-9a-f]{40}$/),
	files: z
		.array(catalogueFile)
		.min(1)
		.max(100)
		.refine(files => new Set(files.map(({name}) => name.toLowerCase())).size === files.length, {
			message: 'two files have the same name',
		}),
	/** What package and prepared copy take on the disk, about, by scheme. */
	bytes: z.object({'4-bit': sizes, '8-bit': sizes, fp32: sizes}),
});

const catalogue = z.object({formatVersion: z.literal(1), models: z.array(catalogueModel).max(1000)});

/** One model that can be pulled. */
export type CatalogueModel = z.infer<typeof catalogueModel>;
/** One of its files. `sha256` is missing only for a small JSON file. */
export type CatalogueFile = z.infer<typeof catalogueFile>;

/** The catalogue that comes with the project. */
export const catalogueOfProject: string = path.join(projectRoot, 'models', 'catalogue.json');

const maxCatalogueBytes = 1_000_000;

/** The models of the catalogue in `file`. Throws `ModelError`. */
export async function readCatalogue(file: string = catalogueOfProject): Promise<CatalogueModel[]> {
	const refused = (what: string, cause?: unknown) =>
		new ModelError('bad-catalogue', `The catalogue ${file} is refused: ${what}.`, {cause});
	let json: unknown;
	try {
		if ((await stat(file)).size > maxCatalogueBytes) throw refused('it is too large');
		json = JSON.parse(await readFile(file, 'utf8'));
	} catch (error) {
		if (error instanceof ModelError) throw error;
		throw refused(error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read', error);
	}
	const parsed = catalogue.safeParse(json);
	if (parsed.success) return parsed.data.models;
	const issue = parsed.error.issues[0]!;
	throw refused(`${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

/** The model called `id`. Throws `ModelError` where there is none. */
export async function catalogued(id: string, file?: string): Promise<CatalogueModel> {
	const models = await readCatalogue(file);
	const model = models.find(one => one.id === id);
	if (model) return model;
	const list = models.map(one => one.id).join(', ');
	throw new ModelError('unknown', `There is no model \`${id}\` to pull; there are: ${list}.`);
}
