import {createInterface} from 'node:readline/promises';

/** Asks on standard error and reads a line from the keyboard; anything but yes is no, the end of the input too. */
export async function askAtKeyboard(question: string): Promise<boolean> {
	const reader = createInterface({input: process.stdin, output: process.stderr});
	// Ctrl+C reaches the reader instead of the process: it must end the command like any other time.
	reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
	const ended = new Promise<string>(resolve => reader.once('close', () => resolve('')));
	try {
		const answer = await Promise.race([reader.question(`${question} [y/N] `), ended]);
		return /^\s*y(es)?\s*$/i.test(answer);
	} finally {
		reader.close();
	}
}
