import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {runProgram} from '../../src/cli/program.js';
import {projectRoot} from '../project-root.js';
import {fakeHost} from './fake-host.js';

const answers = (title: string, args: string[], code: number, stdout: RegExp, stderr: RegExp) =>
	test(title, async () => {
		const host = fakeHost({});
		assert.equal(await runProgram(args, host), code);
		assert.match(host.texts().stdout, stdout);
		assert.match(host.texts().stderr, stderr);
	});

const nothing = /^$/;
const {version} = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));

answers('--version is the version', ['--version'], 0, new RegExp(`^${version}\n$`), nothing);
answers('--help has the commands and examples', ['--help'], 0, /transcribe[\s\S]*demo[\s\S]*Examples:/, nothing);
answers(
	'help of transcribe has examples and exit codes',
	['transcribe', '--help'],
	0,
	/--format[\s\S]*Examples:[\s\S]*Exit codes: 0 done/,
	nothing,
);
answers(
	'help of demo has examples and exit codes',
	['demo', '--help'],
	0,
	/--fast[\s\S]*Examples:[\s\S]*Exit codes: 0 done/,
	nothing,
);
answers('help takes a command too', ['help', 'demo'], 0, /pi-caption demo/, nothing);
answers(
	'options without a command are those of start',
	['--plain', '--help'],
	0,
	/--off-record[\s\S]*Exit codes: 0 done/,
	nothing,
);

const complains = (title: string, args: string[], sentence: string) =>
	test(title, async () => {
		const host = fakeHost({});
		assert.equal(await runProgram(args, host), 2);
		assert.deepEqual(host.texts(), {stdout: '', stderr: `${sentence}\n`});
	});

const cores = os.availableParallelism();

complains(
	'an unknown command is one sentence',
	['transcrib'],
	"Unknown command 'transcrib' (Did you mean transcribe?): `pi-caption --help` shows what there is.",
);
complains(
	'an unknown option is one sentence',
	['transcribe', '--formt', 'x', 'a.wav'],
	"Unknown option '--formt' (Did you mean --format?): `pi-caption transcribe --help` shows what there is.",
);
complains(
	'a missing file is one sentence',
	['transcribe'],
	"Missing required argument 'file': `pi-caption transcribe --help` shows what there is.",
);
complains(
	'an unknown format is one sentence',
	['transcribe', '--format', 'doc', 'a.wav'],
	"Option '-f, --format <format>' argument 'doc' is invalid. Allowed choices are txt, md, srt, vtt, json: `pi-caption transcribe --help` shows what there is.",
);
complains(
	'an option without its value is one sentence',
	['transcribe', 'a.wav', '--output'],
	"Option '-o, --output <path>' argument missing: `pi-caption transcribe --help` shows what there is.",
);
complains(
	'demo takes no files',
	['demo', 'a.wav'],
	"Too many arguments for 'demo'. Expected 0 arguments but got 1: `pi-caption demo --help` shows what there is.",
);
for (const threads of ['0', '-1', '1.5', 'x', '', String(cores + 1), '1e1']) {
	complains(
		`--threads '${threads}' is one sentence`,
		['transcribe', `--threads=${threads}`, 'a.wav'],
		`Option '-t, --threads <n>' argument '${threads}' is invalid. Give a whole number from 1 to ${cores}: \`pi-caption transcribe --help\` shows what there is.`,
	);
}
complains(
	'an unknown latency is one sentence',
	['transcribe', '--latency', 'none', 'a.wav'],
	"Option '--latency <latency>' argument 'none' is invalid. Allowed choices are low, balanced, saver: `pi-caption transcribe --help` shows what there is.",
);
complains(
	'a rate beyond all reason is one sentence',
	['transcribe', '-', '--rate', '3'],
	"Option '--rate <hz>' argument '3' is invalid. Give a whole number from 4000 to 384000: `pi-caption transcribe --help` shows what there is.",
);
complains(
	'a hostile argument cannot leave its line',
	['transcribe', '--\x1b[2J\nx\u202e', 'a.wav'],
	"Unknown option '-- x': `pi-caption transcribe --help` shows what there is.",
);
complains(
	'an unknown model is one sentence',
	['transcribe', '--model', 'no\x1b[2J\nsuch', 'a.wav'],
	unknownModel('no such'),
);

function unknownModel(name: string): string {
	return `There is no model \`${name}\`; known here: embedded (or give the folder of a model package).`;
}
