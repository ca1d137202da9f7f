import {readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';

const scoreFile = '/proc/self/oom_score_adj';
/** Above every process that nobody changed, below those that asked to be the first. */
const addedScore = 300;
const maxScore = 1000;
/** Behind what people do with the machine, ahead of what waits for it to be idle. */
const niceness = 5;

/** Makes this process easier to kill when memory is short, and slower to run when others want to, than those that record and those that people wait for. */
export function giveWay(): void {
	attempt(() => {
		const score = Number(readFileSync(scoreFile, 'latin1'));
		writeFileSync(scoreFile, String(Math.min(maxScore, score + addedScore)));
	});
	attempt(() => os.setPriority(niceness));
}

function attempt(action: () => void): void {
	try {
		action();
	} catch {
		// Not allowed here: it runs as it is.
	}
}
