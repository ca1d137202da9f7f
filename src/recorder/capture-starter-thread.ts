import {parentPort} from 'node:worker_threads';
import {startCapture} from '../capture/start-capture.js';
import type {StartAnswer, StartQuestion} from './capture-starter.js';

const port = parentPort!;

port.on('message', async ({id, options}: StartQuestion) => {
	let answer: StartAnswer = {id};
	try {
		await startCapture(options);
	} catch (error) {
		answer = {id, problem: (error as Error).message};
	}
	port.postMessage(answer);
});
