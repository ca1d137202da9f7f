import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import path from 'node:path';

/** Cores of the boards that this project is for, by the part number that Linux gives instead of a name. */
const armParts: Record<string, string> = {
	'0xd03': 'cortex-a53',
	'0xd08': 'cortex-a72',
	'0xd0b': 'cortex-a76',
};

/** What code for one processor depends on. */
export type Processor = {
	/** For people and file names: `cortex-a76`, `amd-epyc-7b13`. */
	name: string;
	/** Eight hex digits that differ where model or instruction sets do: a program may choose its code by them. */
	fingerprint: string;
};

/** The processor that this machine says it has. `root` is where its `/proc` is. */
export function readProcessor(root = '/'): Processor {
	const text = readText(path.join(root, 'proc/cpuinfo'));
	const field = (key: string) => new RegExp(`^${key}\\s*:\\s*(.*)$`, 'mi').exec(text)?.[1]?.trim() ?? '';
	const model = field('model name');
	const part = field('CPU part');
	const features = (field('flags') || field('Features')).split(/\s+/).sort().join(' ');
	const fingerprint = createHash('sha256')
		.update([process.arch, model, field('CPU implementer'), part, features].join('\n'))
		.digest('hex')
		.slice(0, 8);
	return {name: slug(armParts[part] ?? (model || part)) || process.arch, fingerprint};
}

const slug = (text: string) =>
	text
		.toLowerCase()
		.replace(/\((r|tm)\)|processor|cpu|@.*/g, '')
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-|-$/g, '')
		.slice(0, 40);

function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}
