import {readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';

const scoreFile = '/proc/self/oom_score_adj';

/**
 * Takes back what this process inherited from one that made itself easy to kill and slow to run: the kernel takes its parent before it when memory is short. What the system does not allow
 * stays as it is.
 */
export function forgetInheritedWeight(): void {
	attempt(() => {
		if (Number(readFileSync(scoreFile, 'latin1')) > 0) writeFileSync(scoreFile, '0');
	});
	attempt(() => {
		if (os.getPriority() > 0) os.setPriority(0);
	});
}

function attempt(action: () => void): void {
	try {
		action();
	} catch {
		// Not allowed here.
	}
}
