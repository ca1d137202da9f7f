import {Command, CommanderError} from 'commander';
import {safeLine} from '../session/safe-text.js';
import {projectVersion} from '../system/project-root.js';
import {benchCommand} from './bench.js';
import {configCommand} from './config.js';
import {deleteCommand} from './delete.js';
import {demoCommand} from './demo.js';
import {devicesCommand} from './devices.js';
import {type ExitCode, exitCode} from './exit-code.js';
import {exportCommand} from './export.js';
import type {Host} from './host.js';
import {importCommand} from './import.js';
import {liveCommands, noCommand, withCommand} from './live.js';
import {modelsCommand} from './models.js';
import {recoverCommand} from './recover.js';
import {redoCommand} from './redo.js';
import {renameCommand} from './rename.js';
import {searchCommand} from './search.js';
import {errorSentence} from './sentence.js';
import {serviceCommand} from './service.js';
import {sessionsCommand} from './sessions.js';
import {showCommand} from './show.js';
import {transcribeCommand} from './transcribe.js';
import {UsageError} from './usage-error.js';

const examples = `

Without a command: shows the session that is being recorded, or begins one; takes what \`start\` takes.

Examples:
  pi-caption                             caption what the microphone hears
  pi-caption stop                        end the session and write its transcript
  pi-caption demo                        see captions of two short recordings
  pi-caption transcribe talk.wav         caption a recording
  pi-caption import talk.wav             keep it with its captions
  pi-caption sessions                    list what was recorded
  pi-caption models list                 better models, and how to get them
  pi-caption transcribe --help           everything about one command`;

/** Runs the command that `args` (without `node` and the script) ask for, says what went wrong, and returns the exit code. Throws nothing. */
export async function runProgram(args: readonly string[], host: Host): Promise<ExitCode> {
	let code: ExitCode = exitCode.done;
	let complaint = '';
	const end = (ended: ExitCode) => {
		code = ended;
	};
	const program = new Command('pi-caption')
		.description('Live captions in a terminal, made on the device itself. Nothing that was said leaves the machine.')
		.version(projectVersion, '-V, --version', 'show the version')
		.helpOption('-h, --help', 'show this help')
		.addHelpText('after', examples)
		.exitOverride()
		.configureOutput({
			writeOut: text => host.stdout.write(text),
			writeErr: text => host.stderr.write(text),
			outputError: text => {
				complaint = text;
			},
		});
	const commands = [
		transcribeCommand,
		demoCommand,
		devicesCommand,
		sessionsCommand,
		showCommand,
		exportCommand,
		searchCommand,
		renameCommand,
		deleteCommand,
		recoverCommand,
		redoCommand,
		importCommand,
		configCommand,
		serviceCommand,
		benchCommand,
		modelsCommand,
	];
	for (const command of [...liveCommands(host, end), ...commands.map(create => create(host, end))]) {
		program.addCommand(withHelp(command, program), {
			hidden: command.name() === noCommand,
		});
	}

	try {
		await program.parseAsync(withCommand(args), {from: 'user'});
		return code;
	} catch (error) {
		if (error instanceof CommanderError) {
			if (error.exitCode === 0) return exitCode.done;
			if (complaint !== '') host.stderr.write(`${usageSentence(complaint, args, program)}\n`);
			return exitCode.wrongUsage;
		}
		host.stderr.write(`${errorSentence(error)}\n`);
		if (host.env.PI_CAPTION_DEBUG === '1') host.stderr.write(`${(error as Error)?.stack}\n`);
		return error instanceof UsageError ? exitCode.wrongUsage : exitCode.failed;
	}
}

/** A command, and those below it, that answer as `program` does. */
function withHelp(command: Command, program: Command): Command {
	for (const below of command.commands) withHelp(below, program);
	return command.helpOption('-h, --help', 'show this help').copyInheritedSettings(program);
}

/** What commander complains about, as one sentence with a hint where to look. */
function usageSentence(complaint: string, args: readonly string[], program: Command): string {
	const what = safeLine(complaint)
		.replace(/^error: /, '')
		.replace(/\.$/, '');
	const command = program.commands.find(one => one.name() === args[0])?.name();
	const hint = `pi-caption ${command ? `${command} ` : ''}--help`;
	return `${what.charAt(0).toUpperCase()}${what.slice(1)}: \`${hint}\` shows what there is.`;
}
