import path from 'node:path';
import {createInterface} from 'node:readline';
import {withAbsolutePath} from '../audio/microphones/file-address.js';
import {findRecorder} from '../recorder/find-recorder.js';
import type {StartOptions} from '../recorder/protocol.js';
import {connectRecorder, type RecorderClient} from '../recorder/recorder-client.js';
import {safeLine} from '../session/safe-text.js';
import {sessionFiles} from '../session/session-record.js';
import {canShowLive} from '../ui/live/show-live.js';
import {plainHelp, showPlain, type ViewerEnd} from '../ui/plain-live.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import type {StartFlags} from './live.js';
import {UsageError} from './usage-error.js';
import {viewScreen} from './view-screen.js';

/** Flags of every command that shows captions. */
export type ViewFlags = {plain?: true; interactive?: true};

/** Begins a session and shows it. Where one is on, `attaches` shows that one, and without it nothing is done. Throws `RecorderError`. */
export async function startSession(flags: StartFlags, attaches: boolean, host: Host): Promise<ExitCode> {
	checkFlags(flags);
	const asker = await connectRecorder({wants: 'replies', starts: true});
	try {
		const {isDone, message, status} = await asker.send({name: 'start', options: startOptions(flags)});
		const isOn = status.session !== undefined;
		if (!isDone && !(isOn && attaches)) {
			host.stderr.write(`${safeLine(message)}\n`);
			return isOn ? exitCode.alreadyRecording : exitCode.failed;
		}
		if (flags.detach) {
			host.stdout.write(`${safeLine(message)}\n`);
			return exitCode.done;
		}
	} finally {
		asker.close();
	}
	return view(await connectRecorder({wants: 'events', starts: true}), flags, host);
}

/** `attach`: shows the session that is on. Throws `RecorderError`. */
export async function attachToSession(flags: ViewFlags, host: Host): Promise<ExitCode> {
	checkFlags(flags);
	const client = await findRecorder('events');
	return client ? view(client, flags, host) : nothingRecording(host);
}

function checkFlags({plain, interactive}: ViewFlags): void {
	if (interactive && !plain)
		throw new UsageError('--interactive is for --plain: add it, or use the keys of the screen.');
}

const startOptions = ({title, device, model, latency, offRecord}: StartFlags): StartOptions => ({
	title,
	device: device === undefined ? undefined : withAbsolutePath(device),
	model,
	latency,
	isOffRecord: offRecord,
});

/** Shows captions until the session ends or the reader leaves, and says which. */
async function view(client: RecorderClient, flags: ViewFlags, host: Host): Promise<ExitCode> {
	try {
		const isPlain = flags.plain === true || (await host.openSettings()).values.plain;
		if (!isPlain && canShowLive(host, host.stdin)) return await viewScreen(client, host);
		return await viewPlain(client, flags, host);
	} finally {
		client.close();
	}
}

async function viewPlain(client: RecorderClient, flags: ViewFlags, host: Host): Promise<ExitCode> {
	const {stdout, stderr, stdin, signal} = host;
	if (!flags.plain && !stdout.isTTY) {
		stderr.write('No terminal: captions come as plain lines. Over SSH, `ssh -t HOST pi-caption` shows the screen.\n');
	}
	const commands = flags.interactive ? createInterface({input: stdin, terminal: false}) : undefined;
	if (flags.interactive) stderr.write(`${plainHelp}\n`);
	try {
		return afterView(await showPlain(client, {stdout, signal, commands}), host);
	} finally {
		commands?.close();
	}
}

function afterView(ended: ViewerEnd, host: Host): ExitCode {
	switch (ended.how) {
		case 'left':
			host.stderr.write('The recording goes on: `pi-caption` shows it again, `pi-caption stop` ends it.\n');
			return host.signal.aborted ? exitCode.interrupted : exitCode.done;
		case 'stopped':
			host.stderr.write(
				ended.folder
					? `Saved: ${safeLine(path.join(ended.folder, sessionFiles.transcript))}\n`
					: 'The session is over.\n',
			);
			return exitCode.done;
		case 'nothing':
			return nothingRecording(host);
		case 'lost':
			host.stderr.write(`${safeLine(ended.message)}\n`);
			return exitCode.failed;
	}
}

function nothingRecording(host: Host): ExitCode {
	host.stderr.write('Nothing is recording: `pi-caption start` begins a session.\n');
	return exitCode.nothingRecording;
}
