import {parseArgs} from 'node:util';
import {killAll} from '../../test/recorder/live-program.js';
import {seededRandom} from '../../test/session/hostile-text.js';
import {killRound, type Round, type Timing} from '../kill-rounds.js';
import {type Victim, victims} from '../victims.js';

// npm run prove -- kills [--rounds N] [--seed N] [--victim NAME] [--short]: SIGKILL at random moments of a session, each time in one of its own. Sessions are short with --short,
// and how soon something runs again decides nothing then.

const {values} = parseArgs({
	options: {
		rounds: {type: 'string', default: '30'},
		seed: {type: 'string', default: '1'},
		victim: {type: 'string'},
		short: {type: 'boolean', default: false},
	},
});
const random = seededRandom(Number(values.seed));
const timing: Timing = values.short
	? {leastMs: 3000, spreadMs: 2000, afterMs: 2000, lonelyMs: 2000}
	: {leastMs: 4500, spreadMs: 6000, afterMs: 3500, lonelyMs: 90_000};
const longestRestartMs = values.short ? Number.POSITIVE_INFINITY : 3000;
const chosen: readonly Victim[] = values.victim ? [values.victim as Victim] : victims;

console.log(`Seed ${values.seed}, ${new Date().toISOString()}, Node ${process.version}`);
console.log(
	'| killed | rounds | shown finals | of them lost | most missing of the tape | again within (median, most) | gap marked wrongly by, at most | other problems |',
);
console.log('| --- | --: | --: | --: | --: | --: | --: | --- |');
let isGood = true;
try {
	for (const victim of chosen) {
		const rounds: Round[] = [];
		for (let i = 0; i < Number(values.rounds); i++) rounds.push(await killRound(victim, random, timing));
		const restarts = rounds
			.flatMap(({restartMs}) => (restartMs === undefined ? [] : [restartMs]))
			.sort((a, b) => a - b);
		const nLost = sum(rounds.map(round => round.nLost));
		const missing = Math.max(...rounds.map(({missingMs}) => missingMs));
		const gapError = rounds.map(({gapErrorMs}) => gapErrorMs).reduce(mostOf, undefined);
		const problems = rounds.flatMap(round => round.problems);
		const restart =
			restarts.length > 0 ? `${seconds(restarts[restarts.length >> 1]!)}, ${seconds(restarts.at(-1)!)}` : '';
		console.log(
			`| ${victim} | ${rounds.length} | ${sum(rounds.map(({nShown}) => nShown))} | ${nLost} | ${Math.round(missing)} ms | ${restart} | ${gapError === undefined ? '' : `${Math.round(gapError)} ms`} | ${problems.join('; ')} |`,
		);
		isGood &&= nLost === 0 && missing <= 1000 && problems.length === 0 && (restarts.at(-1) ?? 0) <= longestRestartMs;
	}
} finally {
	await killAll();
}
process.exit(isGood ? 0 : 1);

function mostOf(most: number | undefined, one: number | undefined): number | undefined {
	return one === undefined || (most ?? 0) > one ? most : one;
}

function sum(counts: readonly number[]): number {
	return counts.reduce((all, one) => all + one, 0);
}

function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(2)} s`;
}
