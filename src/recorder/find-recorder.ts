import {runningCapture} from '../capture/capture-record.js';
import {connectRecorder, type RecorderClient} from './recorder-client.js';
import {RecorderError} from './recorder-error.js';

/**
 * The recorder of this user, undefined where nothing is recorded and none runs. Where a capture records and its recorder has just died, one is started that takes its place.
 * Throws `RecorderError`.
 */
export async function findRecorder(wants: 'events' | 'replies'): Promise<RecorderClient | undefined> {
	const starts = (await runningCapture()) !== undefined;
	try {
		return await connectRecorder({wants, starts});
	} catch (error) {
		if (error instanceof RecorderError && error.code === 'not-running') return undefined;
		throw error;
	}
}
