import {spawnSync} from 'node:child_process';
import {readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import type {Scheme} from '../../src/convert/linear.js';
import type {SyntheticModel} from '../../src/convert/synthetic-shapes.js';
import {findPrepared} from '../../src/engine/prepared-copy.js';
import {syntheticFolder} from '../../src/models/synthetic-package.js';
import {benchCommand} from '../bench-command.js';
import {limitMemory} from '../memory-limit.js';

// npm run prove -- memory: what a model of the true size takes of memory, when it is loaded, after half an hour, and where there is too little.

const {values} = parseArgs({
	options: {
		model: {type: 'string', default: 'kyutai-1b'},
		schemes: {type: 'string', default: '4-bit,8-bit'},
		minutes: {type: 'string', default: '30'},
		'limited-minutes': {type: 'string', default: '1'},
		'limit-mb': {type: 'string', default: '1000'},
		threads: {type: 'string', default: '1'},
	},
});
const mostLoadedMb = 250;
const mostLaterMb = 350;
const mostLoadRatio = 2;
const loadRounds = 3;
const megabytes = (bytes: number) => Math.round(bytes / 1e6);

let isProven = true;
function check(text: string, holds: boolean): void {
	if (!holds) isProven = false;
	console.log(`${holds ? '✔' : '✘'} ${text}`);
}

console.log(`Memory of synthetic ${values.model}, ${new Date().toISOString().slice(0, 10)}`);
for (const scheme of values.schemes.split(',')) await prove(scheme as Scheme);
process.exit(isProven ? 0 : 1);

async function prove(scheme: Scheme): Promise<void> {
	const model = ['--synthetic', values.model, '--scheme', scheme, '--threads', values.threads];
	const brief = [...model, '--minutes', '0', '--rounds', '1'];
	console.log(`\n${scheme}`);
	benchCommand(brief);
	const {state, folder} = await findPrepared(syntheticFolder(values.model as SyntheticModel, scheme));
	check(`the prepared copy is ${state}`, state === 'ready');
	const files = readdirSync(folder)
		.filter(name => /\.(onnx|weights)$/.test(name))
		.map(name => path.join(folder, name));

	// Both from the disk: what is in the page cache takes no time at all.
	const reads: number[] = [];
	const loads: number[] = [];
	for (let round = 0; round < loadRounds; round++) {
		dropFromCache(files);
		const start = performance.now();
		spawnSync('cat', files, {stdio: ['ignore', 'ignore', 'inherit']});
		reads.push(performance.now() - start);
		dropFromCache(files);
		loads.push(benchCommand(brief).loadMs);
	}
	const [read, load] = [Math.min(...reads), Math.min(...loads)];
	const ratio = (load / read).toFixed(2);
	const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
	check(
		`loading takes ${load.toFixed(0)} ms, reading the ${megabytes(bytes)} MB of its files ${read.toFixed(0)} ms: ${ratio} × (at most ${mostLoadRatio}, for a model that is not tiny)`,
		load <= mostLoadRatio * read || bytes < 100e6,
	);

	const long = benchCommand([...model, '--pad', '0.65', '--minutes', values.minutes, '--rounds', '1']);
	const [loaded, later] = [long.loaded, long.live!.memory].map(({privateBytes}) => megabytes(privateBytes));
	check(`${loaded} MB private after load (at most ${mostLoadedMb})`, loaded! <= mostLoadedMb);
	check(`${later} MB private after ${values.minutes} minutes (at most ${mostLaterMb})`, later! <= mostLaterMb);
	console.log(
		`  mapped ${megabytes(long.live!.memory.mappedBytes)} MB, at most ${megabytes(long.live!.memory.peakBytes)} MB`,
	);

	const limit = limitMemory(Number(values['limit-mb']) * 1e6);
	if (typeof limit === 'string') {
		console.log(`  The run with ${values['limit-mb']} MB of memory is left out. ${limit}`);
		return;
	}
	try {
		// What other processes brought into the page cache would not count here.
		dropFromCache(files);
		const {live} = benchCommand(
			[...model, '--pad', '0.65', '--minutes', values['limited-minutes'], '--rounds', '1'],
			limit.prefix,
		);
		check(
			`runs to the end within ${values['limit-mb']} MB (${limit.description}): RTF ${live!.rtf.toFixed(2)}, ${live!.majorFaultsPerSecond.toFixed(0)} major faults and ${megabytes(live!.readBackBytesPerSecond)} MB read a second, ${limit.failures()} times at the limit`,
			true,
		);
		const isTight = live!.rtf > 2 * long.live!.rtf;
		const says = live!.isModelTooBig ? 'says' : 'does not say';
		check(`it ${says} that the model does not fit into memory`, live!.isModelTooBig || !isTight);
	} finally {
		limit.remove();
	}
}

/** Takes files out of the page cache; `dd` has a flag for that. */
function dropFromCache(files: readonly string[]): void {
	for (const file of files) {
		const {status, stderr} = spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], {encoding: 'utf8'});
		if (status !== 0) throw new Error(`dd failed: ${stderr}`);
	}
}
