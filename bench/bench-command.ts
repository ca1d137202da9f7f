import {spawnSync} from 'node:child_process';
import path from 'node:path';
import type {BenchReport} from '../src/models/bench/bench-model.js';
import {projectRoot} from '../src/system/project-root.js';

/** Runs `pi-caption bench --json` with `flags`, as a process of its own behind `prefix` (a command that starts it), and returns its report. Throws where it fails. */
export function benchCommand(flags: readonly string[], prefix: readonly string[] = []): BenchReport {
	const command = [
		...prefix,
		process.execPath,
		path.join(projectRoot, 'bin', 'pi-caption.cjs'),
		'bench',
		...flags,
		'--json',
	];
	const {status, signal, stdout} = spawnSync(command[0]!, command.slice(1), {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'inherit'],
		maxBuffer: 1e8,
	});
	if (status !== 0) throw new Error(`\`pi-caption bench ${flags.join(' ')}\` ended with ${status ?? signal}.`);
	return JSON.parse(stdout);
}
