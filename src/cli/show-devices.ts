import stringWidth from 'string-width';
import type {MicrophoneDevice} from '../audio/microphone.js';
import type {LevelReport} from '../audio/microphones/level-apart.js';
import {levelsApart} from '../audio/microphones/level-apart.js';
import {listMicrophonesApart} from '../audio/microphones/list-apart.js';
import {safeLine} from '../session/safe-text.js';
import {levelText} from '../ui/level-text.js';
import {isUtf8Locale, screenAbilities} from '../ui/screen.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {print, readSettings} from './saved-sessions.js';

const waysInWords = {
	naudiodon: 'PortAudio (naudiodon)',
	koffi: 'PortAudio (koffi)',
	'pw-record': 'PipeWire (pw-record)',
	parec: 'PulseAudio (parec)',
	arecord: 'ALSA (arecord)',
};

/** Prints what can be recorded from. */
export async function listDevices(host: Host, asJson: boolean): Promise<ExitCode> {
	const {backend, devices, passedOver} = await listMicrophonesApart({withRates: true});
	const reasons = passedOver.map(way => ({...way, reason: safeLine(way.reason)}));
	if (asJson) {
		const list = {backend: backend ?? null, devices: devices.map(safeDevice), passedOver: reasons};
		const printed = await print(host, `${JSON.stringify(list, undefined, '\t')}\n`);
		return devices.length === 0 ? exitCode.failed : printed;
	}
	for (const {backend: way, reason} of reasons) host.stderr.write(`${waysInWords[way]} is passed over: ${reason}\n`);
	if (!backend) {
		host.stderr.write('There is no microphone: plug one in, or start the sound server that has it.\n');
		return exitCode.failed;
	}
	return print(host, `${table(devices.map(safeDevice))}Heard through ${waysInWords[backend]}.\n`);
}

/** What `showLevel` hears, and for how long. */
export type LevelOptions = {
	device: string | undefined;
	channel: number | 'mix';
	seconds: number | undefined;
	asJson: boolean;
};

const redrawMs = 100;
const plainMs = 1000;
/** From here on it is said in words that nothing is heard (design §2). */
const silentMs = 3000;

/** Shows how loud a microphone is: redrawn on a terminal, else a line a second. */
export async function showLevel(host: Host, options: LevelOptions): Promise<ExitCode> {
	const {stdout, env} = host;
	const isLive = !options.asJson && stdout.isTTY === true && screenAbilities(host).live !== undefined;
	const device = options.device ?? (await readSettings(host)).device;
	const forSeconds = options.seconds ?? (stdout.isTTY ? undefined : 3);
	const stopping = new AbortController();
	const stop = () => stopping.abort();
	host.signal.addEventListener('abort', stop);
	if (host.signal.aborted) stop();
	let timer: NodeJS.Timeout | undefined;
	const marks = isUtf8Locale(env) ? undefined : ascii;
	const end = isLive ? '' : '\n';
	const restore = isLive ? host.atExit(() => stdout.write(showCursor)) : () => {};
	if (isLive) stdout.write(hideCursor);
	try {
		const everyMs = isLive ? redrawMs : plainMs;
		for await (const report of levelsApart({device, channel: options.channel, everyMs}, stopping.signal)) {
			// From here on: a process and a device take their time to be there.
			if (report.type === 'open' && forSeconds !== undefined) timer = setTimeout(stop, forSeconds * 1000);
			if (options.asJson) stdout.write(`${JSON.stringify(rounded(report))}\n`);
			else if (report.type === 'open') stdout.write(`${safeLine(report.name)}, ${report.sampleRate} Hz:\n`);
			else {
				const silent = report.silentMs >= silentMs ? '  no input' : '';
				const overruns = report.overruns > 0 ? `  ${report.overruns} overruns` : '';
				stdout.write(`${isLive ? clearLine : ''}${levelText(report, marks)}${silent}${overruns}${end}`);
			}
		}
	} finally {
		clearTimeout(timer);
		host.signal.removeEventListener('abort', stop);
		if (isLive) stdout.write(`${showCursor}\n`);
		restore();
	}
	return exitCode.done;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearLine = '\r\u001b[K';
const ascii = {full: '#', peak: '|', empty: '.'};

function rounded(report: LevelReport): object {
	if (report.type === 'open') return {...report, name: safeLine(report.name)};
	const {levelDb, peakDb} = report;
	return {...report, levelDb: tenths(levelDb), peakDb: tenths(peakDb), silentMs: Math.round(report.silentMs)};
}

const tenths = (number: number) => Math.round(10 * number) / 10;

const safeDevice = (device: MicrophoneDevice): MicrophoneDevice => ({...device, name: safeLine(device.name)});

function table(devices: readonly MicrophoneDevice[]): string {
	const header = ['', 'NO', 'NAME', 'CHANNELS', 'OWN RATE', 'TAKES'];
	const rows = devices.map(({number, name, channels, nativeRate, rates, isDefault}) => [
		isDefault ? '*' : ' ',
		String(number),
		name,
		String(channels),
		String(nativeRate),
		rates?.join(' ') ?? 'any rate',
	]);
	const widths = header.map((title, column) =>
		Math.max(...[header, ...rows].map(row => stringWidth(row[column]!)), title.length),
	);
	const isNumber = [false, true, false, true, true, false];
	const cell = (text: string, column: number) => {
		const room = ' '.repeat(widths[column]! - stringWidth(text));
		return isNumber[column] ? room + text : text + room;
	};
	return [header, ...rows].map(row => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}
