import {createHash} from 'node:crypto';
import {lstat, open, readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {EngineError} from './protocol.js';

const fileName = z
	.string()
	.regex(/^[A-Za-z0-9._-]+$/)
	.max(100)
	.refine(name => !name.startsWith('.'));
const count = z.number().int().positive().max(1_000_000);
const shortText = z.string().max(2000);

/** A file of a package or of a prepared copy. */
export const fileEntry = z.object({
	name: fileName,
	size: z.number().int().nonnegative(),
	sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Words wrong in one source: `wrong` of `words`, split into the three kinds of error. */
const wordErrors = z.object({
	source: shortText,
	words: z.number().int().nonnegative(),
	wrong: z.number().int().nonnegative(),
	substitutions: z.number().int().nonnegative(),
	insertions: z.number().int().nonnegative(),
	deletions: z.number().int().nonnegative(),
});

/** Streaming states of a frontend by name: inputs `state.<name>`, outputs `next.<name>`; zeros at the start. */
const states = z.array(z.object({name: fileName, dims: z.array(count).min(1).max(6)})).max(64);

/** `frontend.onnx` of the embedded model: inputs `pcm` f32 [1, frameSamples · F] and the states; outputs `features` f32 [1, F, dim] and the next states. */
const logMelFrontend = z.object({type: z.literal('log-mel'), states});

/** `frontend.onnx` of Kyutai's models: see `convert/mimi-graph.ts` for its inputs and outputs. */
const mimiFrontend = z.object({
	type: z.literal('mimi'),
	states,
	/** The positions of one frame see one window of `context`, so the ring holds `context` − `positionsPerFrame` past ones. */
	transformer: z.object({
		layers: z.number().int().min(1).max(200),
		heads: z.number().int().min(1).max(200),
		headDim: z.number().int().min(2).max(1024).multipleOf(2),
		context: z.number().int().min(3).max(100_000),
		maxPeriod: z.number().positive(),
	}),
	positionsPerFrame: z.number().int().min(1).max(16),
});

const fields = z.object({
	formatVersion: z.literal(1),
	/** Folder name and what `--model` takes. */
	id: fileName,
	name: shortText,
	family: z.literal('delayed-streams'),
	languages: z.array(z.string().max(20)).min(1).max(200),
	licence: z.object({name: shortText, attribution: shortText}),
	source: z.object({
		description: shortText,
		revision: shortText.optional(),
		sha256: z
			.string()
			.regex(/^[0-9a-f]{64}$/)
			.optional(),
	}),
	/** Scheme of the linear weights (design §5). */
	quantisation: z.enum(['fp32', '8-bit', '4-bit']),
	/** Hz that the frontend eats, and samples in one frame. */
	sampleRate: z.number().int().min(8000).max(48_000),
	frameSamples: count,
	/** Text is late by this much; zeros fed before the first sample. */
	delayMs: z.number().nonnegative().max(10_000),
	silencePrefixMs: z.number().nonnegative().max(10_000),
	/** Ids of the text stream: `start` is the input row of position 0, `padding` and `endOfPadding` are not text. */
	tokens: z.object({
		start: z.number().int().nonnegative(),
		padding: z.number().int().nonnegative(),
		endOfPadding: z.number().int().nonnegative(),
	}),
	/** `lm.onnx`: see `convert/lm-graph.ts` for its inputs and outputs. */
	lm: z.object({
		dim: count,
		layers: z.number().int().min(1).max(200),
		heads: z.number().int().min(1).max(200),
		headDim: z.number().int().min(2).max(1024).multipleOf(2),
		/** C: a key is visible iff 0 ≤ q − k < C; the ring holds C − 1 past positions. */
		context: z.number().int().min(2).max(100_000),
		maxPeriod: z.number().positive(),
		/** Rows of the text head. */
		vocabulary: count,
		/** Audio codebooks summed into the input, and the rows of each table (start id included); 0 where features are added instead. */
		codebooks: z.number().int().min(0).max(64),
		codebookRows: z.number().int().min(0).max(100_000),
		/** Whether the graph takes `features` [1, T, dim]. */
		takesFeatures: z.boolean(),
		/** VAD heads × classes in the `vad` output; 0 × 0 where there is none. `usable`: whether captions may end by them. */
		vad: z.object({
			heads: z.number().int().min(0).max(16),
			classes: z.number().int().min(0).max(64),
			usable: z.boolean(),
		}),
	}),
	frontend: z.discriminatedUnion('type', [logMelFrontend, mimiFrontend]),
	tokenizer: fileName,
	/** Measured word errors, if any; `isNewSpeaker` marks the sources that training never heard. */
	accuracy: z.array(wordErrors.extend({isNewSpeaker: z.boolean()})).max(100),
	/** Every file of the package but `model.json` itself. */
	files: z.array(fileEntry).min(1).max(1000),
});

/** `model.json`: what a package says of itself (design §7). Untrusted until parsed, and its texts untrusted even then. */
export const modelManifest = fields.refine(
	({lm, frontend}) => (frontend.type === 'mimi') === lm.codebooks > 0 && lm.takesFeatures === (lm.codebooks === 0),
	{path: ['frontend', 'type'], message: 'the decoder should take what the frontend gives'},
);

/** A parsed `model.json`. */
export type ModelManifest = z.infer<typeof modelManifest>;

/** Name of the file in a package that describes the others. */
export const manifestFile = 'model.json';
const maxManifestBytes = 1_000_000;

/**
 * Reads and checks the package at `modelDir`: `model.json` against its schema, then size and sha256 of every file, which must be a plain file (no link).
 * Throws `EngineError` with the first thing that is wrong.
 */
export async function readModelPackage(modelDir: string): Promise<ModelManifest> {
	const manifest = await readManifest(modelDir);
	const names = new Set(manifest.files.map(file => file.name));
	for (const needed of ['lm.onnx', 'frontend.onnx', manifest.tokenizer]) {
		if (!names.has(needed)) throw refused(modelDir, `model.json does not list ${needed}`);
	}
	for (const file of manifest.files) await checkFile(modelDir, file);
	return manifest;
}

/** Reads `model.json` of the package at `modelDir` without looking at the other files. Throws `EngineError`. */
export async function readManifest(modelDir: string): Promise<ModelManifest> {
	const file = path.join(modelDir, manifestFile);
	let text: string;
	try {
		const {size} = await stat(file);
		if (size > maxManifestBytes) throw refused(modelDir, `model.json has ${size} bytes`);
		text = await readFile(file, 'utf8');
	} catch (error) {
		if (error instanceof EngineError) throw error;
		throw refused(modelDir, `model.json cannot be read (${reason(error)})`, error);
	}
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (error) {
		throw refused(modelDir, 'model.json is not JSON', error);
	}
	const parsed = modelManifest.safeParse(json);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0]!;
	throw refused(modelDir, `model.json: ${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

/** Checks one file of the package at `modelDir`: a plain file, its size and its sha256. Throws `EngineError`. */
export async function checkFile(modelDir: string, {name, size, sha256}: ModelManifest['files'][number]): Promise<void> {
	const file = path.join(modelDir, name);
	let found: string;
	try {
		const info = await lstat(file);
		if (!info.isFile()) throw refused(modelDir, `${name} is not a plain file`);
		if (info.size !== size) throw refused(modelDir, `${name} has ${info.size} bytes instead of ${size}`);
		found = await sha256OfFile(file);
	} catch (error) {
		if (error instanceof EngineError) throw error;
		throw refused(modelDir, `${name} cannot be read (${reason(error)})`, error);
	}
	if (found !== sha256) throw refused(modelDir, `${name} is damaged: its sha256 is not the one in model.json`);
}

/** sha256 of a file's bytes, in hex. Reads into one buffer: a stream would leave the whole file behind as garbage. */
export async function sha256OfFile(file: string): Promise<string> {
	const hash = createHash('sha256');
	const buffer = Buffer.allocUnsafeSlow(1 << 18);
	const handle = await open(file);
	try {
		for (;;) {
			const {bytesRead} = await handle.read(buffer, 0, buffer.length, null);
			if (bytesRead === 0) return hash.digest('hex');
			hash.update(buffer.subarray(0, bytesRead));
		}
	} finally {
		await handle.close();
	}
}

const refused = (modelDir: string, what: string, cause?: unknown) =>
	new EngineError('bad-package', `The model package ${modelDir} is refused: ${what}. Install it again.`, {cause});

const reason = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error);
