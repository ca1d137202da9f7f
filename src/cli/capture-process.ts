import path from 'node:path';
import {parseArgs} from 'node:util';
import {listMicrophones, openMicrophone} from '../audio/open-microphone.js';
import {capture} from '../capture/capture.js';
import {recorderCommand, recorderLogFile} from '../recorder/start-recorder.js';
import {gapReason} from '../session/journal-entry.js';
import {capOutput} from '../system/capped-output.js';
import {forgetInheritedWeight} from '../system/own-weight.js';
import {spawnDetached} from '../system/spawn-detached.js';
import {exitCode} from './exit-code.js';
import {errorSentence} from './sentence.js';
import {UsageError} from './usage-error.js';

// The capture process (design §2), which the recorder starts: node capture-process.js --session=FOLDER …, see `captureCommand`.

process.umask(0o077);
forgetInheritedWeight();
capOutput();

const fail = (error: unknown) => {
	console.error(errorSentence(error));
	process.exit(exitCode.failed);
};
process.on('uncaughtException', error => {
	// Whoever starts it again needs to know where; no words are here that could be in it.
	console.error(error.stack);
	fail(error);
});

const {values} = parseArgs({
	options: {
		session: {type: 'string'},
		device: {type: 'string'},
		channel: {type: 'string', default: 'mix'},
		why: {type: 'string', default: 'capture'},
		since: {type: 'string'},
		'max-hours': {type: 'string', default: '6'},
		'min-free-mb': {type: 'string', default: '500'},
		recorder: {type: 'string'},
		'off-record': {type: 'boolean', default: false},
		paused: {type: 'boolean', default: false},
	},
});

// A terminal that hangs up is no reason to stop; a system that shuts down is.
const stopping = new AbortController();
process.on('SIGHUP', () => {});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

const recorder: string[] = values.recorder === undefined ? recorderCommand() : JSON.parse(values.recorder);

try {
	if (values.session === undefined)
		throw new UsageError('Expected --session=FOLDER: capture is started by the recorder.');
	await capture({
		sessionFolder: path.resolve(values.session),
		microphone: {
			...(values.device !== undefined && {device: values.device}),
			channel: values.channel === 'mix' ? 'mix' : Number(values.channel),
		},
		isOffRecord: values['off-record'],
		isPaused: values.paused,
		why: gapReason.parse(values.why),
		sinceWallMs: values.since === undefined ? undefined : Number(values.since),
		limits: {maxHours: Number(values['max-hours']), minFreeMb: Number(values['min-free-mb'])},
		async startRecorder() {
			try {
				const {ended} = await spawnDetached(recorder, recorderLogFile);
				await ended;
			} catch (error) {
				console.error(errorSentence(error));
			}
		},
		microphones: {openMicrophone, listMicrophones},
		signal: stopping.signal,
	});
} catch (error) {
	fail(error);
}
// Native audio code may keep threads.
process.exit(exitCode.done);
