import {existsSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {exportSession} from '../../session/export-session.js';
import type {FormatName} from '../../session/exports/formats.js';
import {loadTranscript} from '../../session/transcript.js';
import {writeAtomically} from '../../system/atomic-file.js';

/** The file that a typed path means: `~` is the home folder, and the working folder is where others begin. */
export const exportFile = (typed: string): string => path.resolve(typed.trim().replace(/^~(?=\/|$)/, os.homedir()));

/** Whether something has that name already. */
export const isTaken = (file: string): boolean => existsSync(file);

/** Writes what the session in `folder` has so far to `file` and returns a sentence. Throws a sentence too. */
export async function exportToFile(folder: string, format: FormatName, file: string): Promise<string> {
	try {
		const transcript = await loadTranscript(folder);
		await writeAtomically(file, exportSession(transcript, format));
	} catch (error) {
		const {code, message} = error as NodeJS.ErrnoException;
		const why = code === undefined || message.length > 0 ? message : code;
		throw new Error(`The export to ${file} failed: ${why}`, {cause: error});
	}
	return `Exported to ${file}.`;
}
