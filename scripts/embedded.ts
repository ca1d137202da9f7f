import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {corpora} from '../bench/corpora.js';
import {errorRate, measureWordErrors, newSpeakers} from '../bench/measure-word-errors.js';
import {type SchemeErrors, wordErrorTable} from '../bench/word-error-table.js';
import {convertEmbedded} from '../src/convert/convert-embedded.js';
import type {Scheme} from '../src/convert/linear.js';
import {projectRoot} from '../src/system/project-root.js';

// npm run embedded -- DIR: makes models/embedded from the checkpoint in DIR (config.json, model.safetensors, tokenizer,
// heldout/ with refs.tsv, README.md with its section "Where it comes from"): measures every scheme, takes the best, writes
// the package, its model card, and the table in README.md.

const schemes = ['fp32', '8-bit', '4-bit'] as const satisfies readonly Scheme[];
/** The package is part of the repository and of every installation. */
const maxPackageBytes = 12_000_000;
/** Points of word error rate on the held-out set that quantising may cost. */
const maxLoss = 0.5;

const packageFolder = path.join(projectRoot, 'models', 'embedded');
const options = {
	id: 'embedded',
	name: 'Embedded demo model (English)',
	licence: {name: 'MIT', attribution: 'Trained for pi-caption; part of it.'},
	source: {description: 'Trained for pi-caption from nothing.'},
};

type Candidate = SchemeErrors & {quantisation: Scheme; bytes: number};

const checkpointDir = process.argv[2];
if (!checkpointDir) {
	console.error(
		'Usage: npm run embedded -- DIR, a folder with config.json, model.safetensors, tokenizer and heldout/.',
	);
	process.exit(2);
}
const temporary = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-embedded-'));
try {
	const candidates: Candidate[] = [];
	for (const scheme of schemes) candidates.push(await measure(checkpointDir, scheme));
	const table = wordErrorTable(candidates);
	console.log(table);
	const chosen = choose(candidates);
	console.log(`\nChosen: ${chosen.quantisation}, ${megabytes(chosen.bytes)}.`);

	const accuracy = chosen.errors.map(errors => ({...errors}));
	await convertEmbedded(checkpointDir, packageFolder, {
		...options,
		scheme: chosen.quantisation,
		accuracy,
		replace: true,
	});
	const origin = await section(path.join(checkpointDir, 'README.md'), 'Where it comes from');
	await writeFile(path.join(packageFolder, 'README.md'), modelCard(chosen, candidates, table, origin));
	await replaceBetweenMarks(path.join(projectRoot, 'README.md'), 'word errors', table);
} finally {
	await rm(temporary, {recursive: true});
}

async function measure(checkpoint: string, scheme: Scheme): Promise<Candidate> {
	const folder = path.join(temporary, scheme);
	await convertEmbedded(checkpoint, folder, {...options, scheme});
	const errors = await measureWordErrors(folder, corpora(checkpoint), (done, total) => {
		if (process.stderr.isTTY) process.stderr.write(`\r${scheme}: ${done} of ${total} clips`);
	});
	if (process.stderr.isTTY) process.stderr.write('\n');
	return {quantisation: scheme, errors, bytes: await folderBytes(folder)};
}

/** The small enough candidate with the fewest held-out words wrong; it must stay within `maxLoss` of fp32. */
function choose(candidates: readonly Candidate[]): Candidate {
	const heldOut = ({errors}: Candidate) => errorRate(errors[0]!);
	const small = candidates.filter(({bytes}) => bytes <= maxPackageBytes).sort((a, b) => heldOut(a) - heldOut(b));
	const best = small[0];
	const fp32 = candidates.find(({quantisation}) => quantisation === 'fp32')!;
	if (!best) throw new Error(`No scheme makes a package of at most ${megabytes(maxPackageBytes)}.`);
	if (heldOut(best) > heldOut(fp32) + maxLoss) {
		throw new Error(
			`The best package that is small enough (${best.quantisation}) gets ${heldOut(best).toFixed(2)} % of the held-out words wrong, fp32 ${heldOut(fp32).toFixed(2)} %: more than ${maxLoss} points worse.`,
		);
	}
	return best;
}

function modelCard(chosen: Candidate, candidates: readonly Candidate[], table: string, origin: string): string {
	const stranger = errorRate(newSpeakers(chosen.errors));
	const known = errorRate(chosen.errors[0]!);
	const sizes = candidates.map(({quantisation, bytes}) => `${quantisation} ${megabytes(bytes)}`).join(', ');
	return `# ${options.name}

A small streaming recogniser that comes with pi-caption, so that captions work offline right after installing. **It is a demo of the real thing.** It gets
about ${Math.round(stranger / 10)} of 10 words wrong for a new speaker (${stranger.toFixed(0)} %), and about ${Math.round(known / 10)} of 10 for the synthetic voices that it was trained on (${known.toFixed(0)} %). Do not rely on it to follow
a meeting; use it to see how captions look and to test a microphone.

English only. 16 kHz, one text token for every 80 ms, 0.88 s late. Linear weights: ${chosen.quantisation}; embeddings BF16; frontend fp32. Made by
\`npm run embedded\`, which measured every scheme and took the smallest word error rate that fits (${sizes}).

## What it was trained on

${origin}

## What it is worth

Words wrong of words said (S substituted, I inserted, D deleted), greedy decoding; words are compared lower-cased, without punctuation. \`npm run wer\` prints this again.

${table}

## Licence

MIT, as pi-caption. No other model's weights or outputs were used.
`;
}

/** The text below the heading \`title\` of a Markdown file, up to the next heading. */
async function section(file: string, title: string): Promise<string> {
	const text = await readFile(file, 'utf8');
	const body = text.split(`## ${title}\n`)[1];
	if (body === undefined) throw new Error(`${file} has no section "${title}", which the model card quotes.`);
	return body.split('\n## ')[0]!.trim();
}

async function replaceBetweenMarks(file: string, mark: string, text: string): Promise<void> {
	const old = await readFile(file, 'utf8');
	const [before, rest] = old.split(`<!-- ${mark} -->`);
	const after = rest?.split(`<!-- end of ${mark} -->`)[1];
	if (after === undefined) throw new Error(`${file} has no place marked "${mark}".`);
	await writeFile(file, `${before}<!-- ${mark} -->\n${text}\n<!-- end of ${mark} -->${after}`);
}

async function folderBytes(folder: string): Promise<number> {
	const sizes = await Promise.all(
		(await readdir(folder)).map(async name => (await stat(path.join(folder, name))).size),
	);
	return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(1)} MB`;
}
