import {fork} from 'node:child_process';
import os from 'node:os';
import {fileURLToPath} from 'node:url';
import {AudioError} from '../audio-error.js';
import type {BackendName} from '../microphone.js';
import type {MicrophoneList} from '../open-microphone.js';

/** To the process that lists. `skip`: ways that ended or stopped an earlier one. */
export type ListTask = {withRates: boolean; skip: BackendName[]};
/** From the process that lists. */
export type FromListProcess =
	| {type: 'trying'; backend: BackendName}
	| {type: 'list'; list: MicrophoneList}
	| {type: 'failed'; message: string};

const program = fileURLToPath(new URL('./list-process.js', import.meta.url));
/** A sound server that hangs lets a library wait for half a minute; many cards with many rates take seconds on a Pi. */
const longestMs = 45_000;

/**
 * Lists the microphones in a process of its own: native code prints what it likes there, and a library that crashes or hangs is passed over with that as the
 * reason. Throws `AudioError`.
 */
export async function listMicrophonesApart({withRates = false}: {withRates?: boolean} = {}): Promise<MicrophoneList> {
	const broken: MicrophoneList['passedOver'] = [];
	for (;;) {
		const outcome = await listOnce({withRates, skip: broken.map(({backend}) => backend)});
		if (outcome.type === 'failed') throw new AudioError('backend-missing', outcome.message);
		if (outcome.type === 'list') {
			const {passedOver} = outcome.list;
			return {...outcome.list, passedOver: [...broken, ...passedOver]};
		}
		if (!outcome.backend) throw new AudioError('backend-missing', `Microphones cannot be listed: ${outcome.reason}`);
		broken.push({backend: outcome.backend, reason: outcome.reason});
	}
}

type Outcome = Exclude<FromListProcess, {type: 'trying'}> | {type: 'broken'; backend?: BackendName; reason: string};

function listOnce(task: ListTask): Promise<Outcome> {
	// Whatever native code writes beside its output lands in the folder for such things.
	const child = fork(program, {stdio: ['ignore', 'ignore', 'ignore', 'ipc'], cwd: os.tmpdir(), execArgv: []});
	return new Promise(resolve => {
		let backend: BackendName | undefined;
		const broke = (reason: string) => resolve({type: 'broken', backend, reason});
		const timer = setTimeout(() => {
			child.kill('SIGKILL');
			broke(`It gave no answer within ${longestMs / 1000} s.`);
		}, longestMs);
		child.on('message', (message: FromListProcess) => {
			if (message.type === 'trying') backend = message.backend;
			else resolve(message);
		});
		child.once('error', error => broke(`It could not be tried (${error.message}).`));
		child.once('exit', (code, signal) => {
			clearTimeout(timer);
			broke(`It ended its process (${signal ?? code}).`);
		});
		child.send(task, () => {});
	});
}
