import {parseArgs} from 'node:util';
import {CaptureStarter} from '../recorder/capture-starter.js';
import {runRecorder} from '../recorder/recorder.js';
import {recorderCommand} from '../recorder/start-recorder.js';
import {capOutput} from '../system/capped-output.js';
import {giveWay} from '../system/give-way.js';
import {exitCode} from './exit-code.js';
import {errorSentence} from './sentence.js';

// The recorder process (design §2), which a viewer, capture or systemd starts: node recorder-process.js [--service [--record-at-boot]].

process.umask(0o077);
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
		service: {type: 'boolean', default: false},
		'record-at-boot': {type: 'boolean', default: false},
	},
});

// A terminal that hangs up is no reason to stop; a system that shuts down is.
const stopping = new AbortController();
process.on('SIGHUP', () => {});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`);
const captureStarter = new CaptureStarter();
await captureStarter.ready();
giveWay();
try {
	await runRecorder(
		{
			isService: values.service,
			recordsAtBoot: values['record-at-boot'],
			command: [...recorderCommand(), ...(values.service ? ['--service'] : [])],
			startCapture: options => captureStarter.start(options),
			log,
		},
		stopping.signal,
	);
} catch (error) {
	fail(error);
}
// An engine that was left in the middle of a call would hold the process.
process.exit(exitCode.done);
