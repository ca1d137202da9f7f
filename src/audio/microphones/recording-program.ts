import {execa} from 'execa';
import {findProgram} from '../../system/find-program.js';
import {AudioError} from '../audio-error.js';
import type {Microphone, MicrophoneDevice, MicrophoneFormat, MicrophoneListener} from '../microphone.js';
import {Delivery} from './delivery.js';
import {channelsToOpen, int16Of, toMono} from './mono.js';

/** A program that writes raw 16-bit little-endian frames to its standard output. */
export type RecordingProgram = {
	name: string;
	/** What brings it. */
	debianPackage: string;
	/** Its arguments for a device of its list. */
	args(device: MicrophoneDevice, format: {sampleRate: number; channels: number}): string[];
	/** What it says when it lost samples. */
	overrun?: RegExp;
	/** What it says when it opened the device at another rate than was asked for. */
	otherRate?: RegExp;
};

/** A program that runs and gives nothing for so long has opened the device all the same. */
const firstSamplesMs = 3000;
const maxMessageBytes = 4096;

/** Absolute path of `name`. Throws `AudioError`. */
export async function programPath(name: string, debianPackage: string): Promise<string> {
	const found = await findProgram(name);
	if (found) return found;
	throw new AudioError('backend-missing', `${name} is not installed: sudo apt install ${debianPackage}.`);
}

/** Output of a program that lists devices. Throws `AudioError` with what it says where it fails. */
export async function outputOf(name: string, debianPackage: string, args: readonly string[]): Promise<string> {
	const {stdout, failed, stderr, shortMessage} = await execa(await programPath(name, debianPackage), args, {
		env: {LC_ALL: 'C'},
		stdin: 'ignore',
		reject: false,
		timeout: 5000,
		maxBuffer: 16 << 20,
	});
	if (failed)
		throw new AudioError('backend-missing', `${name} does not work here (${lastLine(stderr) || shortMessage}).`);
	return stdout;
}

/** Records through a program; resolves when the first samples come. Throws `AudioError` with the code `device-refused` when it ends before. */
export async function openProgram(
	program: RecordingProgram,
	device: MicrophoneDevice,
	{sampleRate, channel}: MicrophoneFormat,
	listener: MicrophoneListener,
): Promise<Microphone> {
	const channels = channelsToOpen(device, channel);
	const file = await programPath(program.name, program.debianPackage);
	const child = execa(file, program.args(device, {sampleRate, channels}), {
		env: {LC_ALL: 'C'},
		stdin: 'ignore',
		buffer: false,
		reject: false,
	});
	const delivery = new Delivery(device, sampleRate, listener);
	delivery.onRelease(async () => {
		child.kill('SIGTERM');
		await child;
	});

	let message = '';
	let isOpen = false;
	const refuse = () =>
		new AudioError(
			'device-refused',
			`The microphone ${device.name} does not open at ${sampleRate} Hz: ${said(program, message)}.`,
		);
	const opened = new Promise<void>((resolve, reject) => {
		const open = () => {
			isOpen = true;
			resolve();
		};
		const timer = setTimeout(open, firstSamplesMs);
		const settle = (how: () => void) => {
			clearTimeout(timer);
			how();
		};
		let isRefused = false;
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			if (program.overrun?.test(text)) delivery.overruns++;
			if (message.length < maxMessageBytes) message += text;
			if (!program.otherRate?.test(text)) return;
			isRefused = true;
			settle(() => reject(refuse()));
		});
		let left: Buffer = Buffer.alloc(0);
		child.stdout.on('data', (bytes: Buffer) => {
			if (isRefused) return;
			settle(open);
			const all = left.length === 0 ? bytes : Buffer.concat([left, bytes]);
			const whole = all.length - (all.length % (channels * Int16Array.BYTES_PER_ELEMENT));
			left = all.subarray(whole);
			delivery.give(toMono(int16Of(all.subarray(0, whole)), channels, channel));
		});
		void child.then(() => {
			if (isOpen) delivery.end(`stopped: ${said(program, message)}`);
			else settle(() => reject(refuse()));
		});
	});
	try {
		await opened;
		return delivery;
	} catch (error) {
		await delivery.close();
		throw error;
	}
}

const said = ({name}: RecordingProgram, message: string) =>
	message.trim() === '' ? `${name} ended without a word` : `${name} says "${lastLine(message)}"`;

const lastLine = (text: string) => text.trim().split('\n').at(-1)!.slice(0, 200);
