import {Command, Option} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption models list                      what is here and what can be pulled
  pi-caption models pull kyutai-1b            download, convert and prepare a model that understands people
  pi-caption models verify                    read every byte of every model again
  pi-caption models remove kyutai-1b
  pi-caption models pull --help               everything about one of them

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

const pullExamples = `
Examples:
  pi-caption models pull kyutai-1b
  pi-caption models pull kyutai-1b --yes --json        for programs: no question, an event a line
  pi-caption models pull kyutai-1b --scheme 8-bit --keep
  pi-caption models pull kyutai-1b --base-url https://hub.example.org

Licence, download and disk use are said first. Interrupted, by Ctrl+C or by a power cut, the same command goes on
where it stopped. A file counts only when its size and sha256 are those of the catalogue (models/catalogue.json).
The hub can also be set in the settings (modelHub) or in PI_CAPTION_HUB.`;

const convertExamples = `
Examples:
  pi-caption models convert ~/stt-1b-en_fr-candle
  pi-caption models convert ~/stt-2.6b-en --scheme 4-bit --id english
  pi-caption models convert ~/stt-1b-en_fr-candle --output /mnt/models/kyutai

DIR has config.json and the files that it names: decoder, Mimi, tokenizer. Without --scheme, the one is taken that was
faster when a layer of each was timed on this machine.`;

const prepareExamples = `
Examples:
  pi-caption models prepare                   every model
  pi-caption models prepare kyutai-1b --force

A prepared copy holds the weights as this processor wants them, on the disk, from where Linux maps them: loading is
quick and takes little memory. It is checked against the model, and may be deleted at any time.`;

/** `pi-caption models`: its commands and their flags. What they do is loaded when one is run. */
export function modelsCommand(host: Host, end: (code: ExitCode) => void): Command {
	const models = new Command('models')
		.summary('download, convert and look after models')
		.description('Downloads, converts, prepares, verifies and removes models.')
		.addHelpText('after', examples);

	models
		.command('list')
		.description('Lists the models that are here, and those that can be pulled.')
		.option('--json', 'one JSON array, for programs')
		.action(async (flags: {json?: true}) => {
			const {listCommand} = await import('./models-list.js');
			end(await listCommand({asJson: flags.json === true}, host));
		});

	models
		.command('pull')
		.description('Downloads a model, converts it for this machine and prepares it.')
		.argument('<id>', 'a model of the catalogue: `pi-caption models list` shows them')
		.option('-y, --yes', 'do not ask')
		.addOption(schemeOption())
		.option('--keep', 'keep the checkpoint that was downloaded')
		.option('--replace', 'replace an installed model of this id')
		.option('--base-url <url>', 'where to download from; https, or http on this machine itself')
		.option('--catalogue <file>', 'another catalogue')
		.option('--json', 'events on standard output, one JSON object a line')
		.addHelpText('after', pullExamples)
		.action(async (id: string, flags: PullFlags) => {
			const {pullCommand} = await import('./models-pull.js');
			end(await pullCommand(id, flags, host));
		});

	models
		.command('convert')
		.description('Makes a model package of a checkpoint that is here.')
		.argument('<dir>', 'the folder of the checkpoint')
		.option('-o, --output <folder>', "the package's folder (default: among the installed models)")
		.option('--id <id>', "what --model will take (default: from the checkpoint's name)")
		.addOption(schemeOption())
		.option('--replace', 'replace a package that is there')
		.option('--json', 'events on standard output, one JSON object a line')
		.addHelpText('after', convertExamples)
		.action(async (dir: string, flags: ConvertFlags) => {
			const {convertCommand} = await import('./models-convert.js');
			end(await convertCommand(dir, flags, host));
		});

	models
		.command('prepare')
		.description('Times this machine, and makes the prepared copies that it loads models from.')
		.argument('[id...]', 'models by id or folder (default: all)')
		.option('--force', 'make them anew')
		.option('--json', 'events on standard output, one JSON object a line')
		.addHelpText('after', prepareExamples)
		.action(async (ids: string[], flags: {force?: true; json?: true}) => {
			const {prepareCommand} = await import('./models-prepare.js');
			end(await prepareCommand(ids, flags, host));
		});

	models
		.command('verify')
		.description('Reads every byte of models and of their prepared copies, and says what is damaged.')
		.argument('[id...]', 'models by id or folder (default: all)')
		.action(async (ids: string[]) => {
			const {verifyCommand} = await import('./models-verify.js');
			end(await verifyCommand(ids, host));
		});

	models
		.command('remove')
		.description('Removes an installed model, and its prepared copies with it.')
		.argument('<id>', 'an installed model')
		.option('-y, --yes', 'do not ask')
		.action(async (id: string, flags: {yes?: true}) => {
			const {removeCommand} = await import('./models-remove.js');
			end(await removeCommand(id, flags, host));
		});
	return models;
}

/** Flags of `models pull`. */
export type PullFlags = {
	yes?: true;
	scheme?: '4-bit' | '8-bit' | 'fp32';
	keep?: true;
	replace?: true;
	baseUrl?: string;
	catalogue?: string;
	json?: true;
};

/** Flags of `models convert`. */
export type ConvertFlags = Pick<PullFlags, 'scheme' | 'replace' | 'json'> & {output?: string; id?: string};

const schemeOption = () =>
	new Option('--scheme <scheme>', 'how weights are stored (default: as measured on this machine)').choices([
		'4-bit',
		'8-bit',
		'fp32',
	]);
