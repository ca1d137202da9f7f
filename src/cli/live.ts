import {Command, Option} from 'commander';
import {type Latency, latencies} from '../engine/latency.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';
import type {ViewFlags} from './view-session.js';

const codes =
	'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing is recording, 4 a session is recording already, 130 interrupted (the recording goes on).';

const examples = `
Examples:
  pi-caption start --title "Team meeting"     record and caption, on this screen
  pi-caption start --detach                   record and caption, without a viewer
  pi-caption start --plain | tee talk.txt     captions as plain lines
  pi-caption start --off-record               captions only: nothing is left on disk

A recording goes on when its viewer leaves, when SSH hangs up and when the terminal is closed: \`pi-caption stop\` ends it.
${codes}`;

/** What `start` is given. */
export type StartFlags = ViewFlags & {
	title?: string;
	device?: string;
	model?: string;
	latency?: Latency;
	detach?: true;
	offRecord?: true;
};

/** Flags of every command that shows captions. */
const viewOptions = (command: Command) =>
	command
		.option('--plain', 'captions as plain lines, without one escape character')
		.option('--interactive', 'with --plain: reads commands, one letter and Enter (? lists them)');

/** Flags that say how a session is recorded. */
const recordOptions = (command: Command): Command =>
	viewOptions(
		command
			.option('--title <title>', 'what the session is called')
			.option('--device <device>', 'microphone, by name or number')
			.option('-m, --model <id|path>', 'model to caption with')
			.addOption(new Option('--latency <latency>', 'low: soonest; saver: least work').choices(latencies))
			.option('--off-record', 'captions only: no word and no sample is left on disk')
			.option('--detach', 'record without a viewer'),
	);

/** What stands for no command at all. */
export const noCommand = 'live';

/** `args` with a command: a person who gives none, or only options, wants to see captions. */
export function withCommand(args: readonly string[]): readonly string[] {
	const [first = ''] = args;
	const isForAll = ['-h', '--help', '-V', '--version'].includes(first);
	return isForAll || (first !== '' && !first.startsWith('-')) ? args : [noCommand, ...args];
}

/** The commands of a live session: their flags. What they do is loaded when it is run. */
export function liveCommands(host: Host, end: (code: ExitCode) => void): Command[] {
	const asks = (name: string, summary: string, command: 'pause' | 'resume' | 'mark' | 'stop') =>
		new Command(name)
			.summary(summary)
			.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
			.addHelpText('after', `\n${codes}`)
			.action(async () => {
				const {askRecorder} = await import('./ask-recorder.js');
				end(await askRecorder({name: command}, host));
			});
	return [
		recordOptions(new Command(noCommand))
			.description('Shows the session that is being recorded, or begins one.')
			.addHelpText('after', examples)
			.action(async (flags: StartFlags) => {
				const {startSession} = await import('./view-session.js');
				end(await startSession(flags, true, host));
			}),
		recordOptions(new Command('start').summary('record and caption what the microphone hears'))
			.description('Begins a session: records what the microphone hears, captions it and shows the captions.')
			.addHelpText('after', examples)
			.action(async (flags: StartFlags) => {
				const {startSession} = await import('./view-session.js');
				end(await startSession(flags, false, host));
			}),
		viewOptions(new Command('attach').summary('show the captions of the session that is on'))
			.description('Shows the captions of the session that is on, from its beginning. Leaving does not end it.')
			.addHelpText('after', `\n${codes}`)
			.action(async (flags: ViewFlags) => {
				const {attachToSession} = await import('./view-session.js');
				end(await attachToSession(flags, host));
			}),
		asks('pause', 'pause the recording: the microphone is closed', 'pause'),
		asks('resume', 'go on after a pause', 'resume'),
		asks('mark', 'mark this moment in the transcript', 'mark'),
		new Command('note')
			.summary('put a line of text into the transcript')
			.description('Puts a line of text into the transcript, at this moment.')
			.argument('<text...>', 'the note')
			.addHelpText('after', `\n${codes}`)
			.action(async (words: string[]) => {
				const {askRecorder} = await import('./ask-recorder.js');
				end(await askRecorder({name: 'note', text: words.join(' ')}, host));
			}),
		asks('stop', 'end the session and write its transcript', 'stop'),
		new Command('status')
			.summary('say what is being recorded')
			.description('Says what is being recorded and how it goes.')
			.option('--json', 'everything that the recorder knows of it, as one JSON object')
			.addHelpText('after', `\n${codes}`)
			.action(async (flags: {json?: true}) => {
				const {showStatus} = await import('./ask-recorder.js');
				end(await showStatus(flags.json === true, host));
			}),
	];
}
