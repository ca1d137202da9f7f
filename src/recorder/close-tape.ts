import path from 'node:path';
import {sessionFiles} from '../session/session-record.js';
import {repairTape, type TapeExtent} from '../session/tape.js';

/** Closes the sizes in the header of the session's tape, which nobody writes any more; undefined where no microphone ever gave anything. Throws `SessionError` where it is no tape. */
export async function closeTape(folder: string): Promise<TapeExtent | undefined> {
	try {
		return await repairTape(path.join(folder, sessionFiles.tape));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}
