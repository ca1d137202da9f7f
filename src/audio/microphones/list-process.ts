import {listMicrophones} from '../open-microphone.js';
import type {FromListProcess, ListTask} from './list-apart.js';

// Lists microphones in a process of its own, for `list-apart.ts`: what native code prints goes nowhere, and a crash ends only this.

const say = (message: FromListProcess) =>
	new Promise<void>(resolve => {
		process.send!(message, undefined, undefined, () => resolve());
	});

process.once('message', async (task: ListTask) => {
	try {
		const list = await listMicrophones({...task, onTry: backend => say({type: 'trying', backend})});
		await say({type: 'list', list});
	} catch (error) {
		await say({type: 'failed', message: (error as Error).message});
	}
	// Native threads may still be at work: the process is ended, not waited for.
	process.kill(process.pid, 'SIGKILL');
});
