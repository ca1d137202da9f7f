import {Command, InvalidArgumentError} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption devices                   what can be recorded from
  pi-caption devices --level           how loud the default microphone is, until Ctrl+C
  pi-caption devices --level "USB PnP" --seconds 5
  pi-caption devices --json | jq -r '.devices[] | select(.isDefault) | .name'

The marked one is recorded without --device. --device takes a number of this list, a name, or a part of a name that
no other has; names stay when numbers change. Rates are in Hz: 24,000 is asked for first, else the microphone's own.
Ways to a microphone, best first: naudiodon, koffi (both PortAudio), pw-record, parec, arecord;
PI_CAPTION_MICROPHONE=koffi takes only that one.
Exit codes: 0 done, 1 failed (also: there is no microphone), 2 wrong usage.`;

/** `pi-caption devices`: its flags. What they do is loaded when it is run. */
export function devicesCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('devices')
		.summary('list microphones, or show how loud one is')
		.description('Lists what can be recorded from, with channels and rates, or shows how loud a microphone is now.')
		.option('-l, --level [device]', 'hear a microphone, by name or number, and show its level')
		.option('-c, --channel <n|mix>', 'with --level: the channel to hear (default: mix)', channel)
		.option('--seconds <n>', 'with --level: for so long (default: until Ctrl+C; not on a terminal: 3)', seconds)
		.option('--json', 'a JSON object; with --level one a line')
		.addHelpText('after', examples)
		.action(async (flags: Flags) => {
			const {listDevices, showLevel} = await import('./show-devices.js');
			const asJson = flags.json === true;
			if (flags.level === undefined) {
				end(await listDevices(host, asJson));
				return;
			}
			const device = flags.level === true ? undefined : flags.level;
			end(await showLevel(host, {device, channel: flags.channel ?? 'mix', seconds: flags.seconds, asJson}));
		});
}

type Flags = {level?: true | string; channel?: number | 'mix'; seconds?: number; json?: true};

function channel(text: string): number | 'mix' {
	if (text === 'mix') return 'mix';
	if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a channel from 1 on, or mix.');
	return Number(text);
}

function seconds(text: string): number {
	const number = Number(text);
	if (!/^\d+(\.\d+)?$/.test(text) || number <= 0 || number > 86_400) {
		throw new InvalidArgumentError('Give seconds, more than 0 and at most 86400.');
	}
	return number;
}
