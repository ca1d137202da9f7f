import {Command, InvalidArgumentError, Option} from 'commander';
import {type Latency, latencies, liveLatency} from '../engine/latency.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import {threads} from './transcribe.js';

/** Names of the models whose shapes can be made of random numbers; the code that makes them is loaded when it is needed. */
const synthetic = ['kyutai-1b', 'kyutai-2.6b', 'tiny'];
const schemes = ['4-bit', '8-bit', 'fp32'];

const examples = `
Examples:
  pi-caption bench                                    what the embedded model costs on this machine
  pi-caption bench --model kyutai-1b                  what an installed model costs
  pi-caption bench --synthetic kyutai-1b              what Kyutai's 1B model would cost: nothing is downloaded
  pi-caption bench --synthetic kyutai-1b --pad 0.65   the same, where 65 % of all frames start no word piece
  pi-caption bench --synthetic kyutai-2.6b --scheme 8-bit --minutes 0 --json
  pi-caption bench --live --minutes 2                 a whole live session, as a viewer sees it

A synthetic package has the true shapes and random numbers in them. It is made once, in the cache folder (1 GB for the
1B model in 4 bits, 2.0 GB for the 2.6B one), costs exactly what the model costs, and understands nothing. In speech, half
to four fifths of all frames start no word piece; such guesses are right, and the model is called less often.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

/** `pi-caption bench`: its flags. What they do is loaded when it is run. */
export function benchCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('bench')
		.summary('measure what a model costs on this machine')
		.description(
			'Measures every stage of a model on this machine, the memory it takes, and how it keeps up with speech for some minutes.',
		)
		.addOption(
			new Option('-m, --model <id|path>', 'model to measure (default: the embedded one)').conflicts('synthetic'),
		)
		.addOption(new Option('--synthetic <model>', 'random numbers in the shapes of this model').choices(synthetic))
		.addOption(
			new Option('--scheme <scheme>', 'how a synthetic one stores its weights').choices(schemes).default('4-bit'),
		)
		.option('--pad <share>', 'share of the frames that start no word piece, 0 to 1 (synthetic ones)', share)
		.addOption(
			new Option('--latency <latency>', 'how long captions may wait').choices([...latencies]).default(liveLatency),
		)
		.option('--minutes <n>', 'minutes at the pace of speech; 0 for none', minutes, 5)
		.option('-t, --threads <n>', 'cores for the model (default: all but one)', threads)
		.addOption(
			new Option('--live', 'a whole live session instead: lag, flicker, CPU and screen').conflicts([
				'synthetic',
				'threads',
			]),
		)
		.option('--rounds <n>', 'how often every stage is measured', rounds, 15)
		.option('--json', 'everything that was measured, as one JSON object')
		.addHelpText('after', examples)
		.action(async (flags: Flags, command: Command) => {
			if (flags.pad !== undefined && !flags.synthetic) {
				command.error("error: --pad is for --synthetic: what a real model writes is the model's affair");
			}
			if (flags.live) {
				const {runLiveBench} = await import('./run-live-bench.js');
				end(await runLiveBench({...flags, asJson: flags.json === true}, host));
				return;
			}
			const {runBench} = await import('./run-bench.js');
			end(await runBench({...flags, asJson: flags.json === true}, host));
		});
}

type Flags = {
	model?: string;
	synthetic?: string;
	scheme: string;
	pad?: number;
	latency: Latency;
	minutes: number;
	threads?: number;
	live?: true;
	rounds: number;
	json?: true;
};

const share = (text: string) => number(text, 0, 1);

/** A day is enough for everybody. */
const minutes = (text: string) => number(text, 0, 1440);

const rounds = (text: string) => Math.round(number(text, 1, 1000));

function number(text: string, least: number, most: number): number {
	const value = Number(text);
	if (!/^\d+(\.\d+)?$/.test(text) || value < least || value > most) {
		throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
	}
	return value;
}
