import {readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';

const scoreFile = '/proc/self/oom_score_adj';
/** None, and what systemd gives to the processes of users. */
const scores = [0, 100, 200];

/**
 * Takes back what this process inherited from one that made itself easy to kill and slow to run: the kernel takes its parent before it when memory is short. What the system does not allow
 * stays as it is.
 */
export function forgetInheritedWeight(): void {
	const score = Number(attempt(() => readFileSync(scoreFile, 'latin1')) ?? 0);
	// A service manager may have set a floor: the lowest that is allowed counts.
	for (const lower of scores.filter(one => one < score)) {
		if (attempt(() => writeFileSync(scoreFile, String(lower)) ?? true)) break;
	}
	attempt(() => {
		if (os.getPriority() > 0) os.setPriority(0);
	});
}

function attempt<Result>(action: () => Result): Result | undefined {
	try {
		return action();
	} catch {
		// Not allowed here.
		return undefined;
	}
}
