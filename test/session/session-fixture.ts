import {writeFileSync} from 'node:fs';
import path from 'node:path';
import type {JournalEntry} from '../../src/session/journal-entry.js';
import {createSession, type NewSession, writeSessionRecord} from '../../src/session/session-folder.js';
import type {SessionRecord} from '../../src/session/session-record.js';
import {createTape} from '../../src/session/tape.js';

/** What a made session has; `seconds` of tape at 1000 Hz, none where it is 0. */
export type MadeSession = NewSession & {entries?: JournalEntry[]; seconds?: number; record?: Partial<SessionRecord>};

/** Rate of the tapes that `makeSession` makes, in Hz: sample times are milliseconds. */
export const madeRate = 1000;

/** Makes a session in `sessionsFolder`, as one that was interrupted has it; returns its folder. */
export async function makeSession(
	sessionsFolder: string,
	{entries = [], seconds = 60, record: change, ...session}: MadeSession,
): Promise<string> {
	const {folder, record} = await createSession(sessionsFolder, session);
	if (seconds > 0) {
		const tape = await createTape(path.join(folder, 'audio.wav'), madeRate);
		tape.append(new Int16Array(seconds * madeRate));
		await tape.finish();
	}
	writeFileSync(path.join(folder, 'journal.jsonl'), entries.map(entry => `${JSON.stringify(entry)}\n`).join(''));
	if (change) await writeSessionRecord(folder, {...record, ...change});
	return folder;
}
