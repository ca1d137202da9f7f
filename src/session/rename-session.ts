import {existsSync} from 'node:fs';
import path from 'node:path';
import {writeTranscript} from './finish-session.js';
import {safeLine} from './safe-text.js';
import {SessionError} from './session-error.js';
import {readSessionRecord, writeSessionRecord} from './session-folder.js';
import {loadTranscript, markdownFile, transcriptIds} from './transcript.js';

/** What `session.json` holds at most. */
const maxTitle = 500;

/** Gives the session at `folder` the title `wanted`, in the Markdown that it has too, and returns how it is written. Throws `SessionError`, or what the system says. */
export async function renameSession(folder: string, wanted: string): Promise<string> {
	const title = safeLine(wanted).slice(0, maxTitle);
	if (title === '') throw new SessionError('refused', 'A title needs at least one character that can be seen.');
	await writeSessionRecord(folder, {...(await readSessionRecord(folder)), title});
	for (const id of await transcriptIds(folder)) {
		if (existsSync(path.join(folder, markdownFile(id)))) await writeTranscript(await loadTranscript(folder, id));
	}
	return title;
}
