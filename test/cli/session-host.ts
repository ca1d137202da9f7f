import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {openAudio} from '../../src/audio/open-audio.js';
import {runProgram} from '../../src/cli/program.js';
import {startEngine} from '../../src/engine/client.js';
import {temporaryFolder} from '../temporary-folder.js';
import {type FakeHost, type FakeWorld, fakeHost} from './fake-host.js';

/** What a command ended with, and the host that it ran on. */
export type Ended = {code: number; stdout: string; stderr: string; host: FakeHost};

/** A user with settings and sessions of their own. */
export type User = {
	sessionsFolder: string;
	configFolder: string;
	/** Runs `pi-caption` with `args`; engine and recordings are real. `prepare` changes the host before. */
	run(args: readonly string[], world?: FakeWorld, prepare?: (host: FakeHost) => void): Promise<Ended>;
};

/** A new user; `settings` beside the folder of the sessions. */
export function newUser(t: {after(action: () => void): void}, settings: Record<string, unknown> = {}): User {
	const folder = temporaryFolder(t);
	const sessionsFolder = path.join(folder, 'sessions');
	writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({sessionsFolder, ...settings}));
	return {
		sessionsFolder,
		configFolder: folder,
		async run(args, world = {}, prepare = () => {}) {
			const host = fakeHost({}, {configFolder: folder, ...world});
			host.startEngine = startEngine;
			host.openAudio = openAudio;
			prepare(host);
			const code = await runProgram(args, host);
			return {code, ...host.texts(), host};
		},
	};
}
