import {findRecorder} from '../recorder/find-recorder.js';
import type {Command, RecorderStatus} from '../recorder/protocol.js';
import {RecorderError} from '../recorder/recorder-error.js';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';
import {conditionLines} from '../ui/plain-conditions.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

const nothing = 'Nothing is recording: `pi-caption start` begins a session.';

/** Asks the recorder for `command` on the session that is on, and says what it answered. Throws `RecorderError`. */
export async function askRecorder(command: Command, host: Host): Promise<ExitCode> {
	const client = await recorderOrNothing(host);
	if (!client) return exitCode.nothingRecording;
	try {
		const {isDone, message, status} = await client.send(command);
		(isDone ? host.stdout : host.stderr).write(`${safeLine(message)}\n`);
		if (isDone) return exitCode.done;
		return status.state === 'idle' ? exitCode.nothingRecording : exitCode.failed;
	} finally {
		client.close();
	}
}

/** Says what the recorder is doing, or gives all of it as JSON. Throws `RecorderError`. */
export async function showStatus(asJson: boolean, host: Host): Promise<ExitCode> {
	const client = await findRecorder('events');
	if (!client) {
		host.stdout.write(asJson ? `${JSON.stringify({state: 'idle', notices: []})}\n` : `${nothing}\n`);
		return exitCode.nothingRecording;
	}
	try {
		const status = await new Promise<RecorderStatus>((resolve, reject) => {
			client.subscribe(event => {
				if (event.type === 'snapshot') resolve(event.status);
				if (event.type === 'ended') reject(new RecorderError('lost', event.message));
			});
		});
		host.stdout.write(asJson ? `${JSON.stringify(status)}\n` : statusText(status));
		return status.session ? exitCode.done : exitCode.nothingRecording;
	} finally {
		client.close();
	}
}

async function recorderOrNothing(host: Host) {
	const client = await findRecorder('replies');
	if (!client) host.stderr.write(`${nothing}\n`);
	return client;
}

/** The status as lines for people. */
function statusText(status: RecorderStatus): string {
	const {state, session, notices} = status;
	const lines = session
		? [
				`${state}: ${session.title}, ${shortTime(session.tapeMs)}${session.isOffRecord ? ', off the record' : ''}`,
				`microphone: ${session.device ? `${session.device.name}, ${session.device.sampleRate} Hz` : 'none'}`,
				`model: ${session.model.name}${session.model.accuracy ? ` (${session.model.accuracy})` : ''}`,
				`RTF ${session.rtf.toFixed(2)}, ${(session.lagMs / 1000).toFixed(1)} s late`,
				...conditionLines(status).map(({line}) => line),
				`folder: ${session.folder}`,
			]
		: [nothing];
	return [...lines, ...notices].map(line => `${safeLine(line)}\n`).join('');
}
