import {once} from 'node:events';
import {readdirSync} from 'node:fs';
import os from 'node:os';
import {exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {listenForInterruption} from './interruption.js';
import {runProgram} from './program.js';
import {errorSentence} from './sentence.js';
import {standardOutput} from './standard-output.js';

// What the `pi-caption` command runs. Engine and audio are loaded when a command first needs them: help and mistakes answer at once.

const atExit = new Set<() => void>();
const runAtExit = () => {
	for (const action of atExit) action();
	atExit.clear();
};
process.on('exit', runAtExit);

/** An error that nothing caught: the actions at exit restore the screen and keep captions that were made. */
const endUnexpectedly = (error: unknown) => {
	runAtExit();
	process.stderr.write(`${errorSentence(error)}\n`);
	if (process.env.PI_CAPTION_DEBUG === '1') process.stderr.write(`${(error as Error)?.stack}\n`);
	process.exit(exitCode.failed);
};
process.on('uncaughtException', endUnexpectedly);
process.on('unhandledRejection', endUnexpectedly);

const stdout = standardOutput();
// A reader that has gone is noticed by the writes that expect it; a terminal that has hung up is no reason to stop keeping captions.
for (const stream of [stdout, process.stderr]) stream.on('error', () => {});

/** A recorder has 5: what nobody waits for comes after it. */
const redoNiceness = 15;

const host: Host = {
	stdout,
	stderr: process.stderr,
	env: process.env,
	stdin: process.stdin,
	isStdinTerminal: process.stdin.isTTY === true,
	signal: listenForInterruption(runAtExit),
	async startEngine(options) {
		const {checkNative} = await import('../models/native-check.js');
		const {startEngine} = await import('../engine/client.js');
		await checkNative();
		return startEngine(options);
	},
	async openAudio(file, options) {
		const {openAudio} = await import('../audio/open-audio.js');
		return openAudio(file, options);
	},
	async openSettings() {
		const {openSettings} = await import('../system/settings.js');
		return openSettings();
	},
	async ask(question) {
		const {createInterface} = await import('node:readline/promises');
		// The terminal stays as it is: Ctrl+C is a signal then, as everywhere.
		const lines = createInterface({input: process.stdin, output: process.stderr, terminal: false});
		const ended = once(lines, 'close').then(() => '');
		try {
			return await Promise.race([lines.question(question, {signal: host.signal}), ended]);
		} catch {
			return '';
		} finally {
			lines.close();
		}
	},
	giveWay() {
		// Each thread has its own; those to come take over that of the one that starts them.
		for (const thread of readdirSync('/proc/self/task')) {
			try {
				os.setPriority(Number(thread), redoNiceness);
			} catch {
				// It has ended meanwhile.
			}
		}
	},
	atExit(action) {
		atExit.add(action);
		return () => atExit.delete(action);
	},
};

// Exits although something may still be open: a standard input that never ends.
process.exit(await runProgram(process.argv.slice(2), host));
