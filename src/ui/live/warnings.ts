import type {RecorderStatus} from '../../recorder/protocol.js';
import {safeLine} from '../../session/safe-text.js';
import {spanOfTime} from './caption-item.js';
import type {LiveState} from './live-state.js';

/** A warning that has the full width of the screen. `rings`: a new one rings the bell where the settings want that. */
export type Warning = {text: string; rings: boolean};

/** The sentence for weights that are read again from the disk at every step. */
export const modelDoesNotFit = 'model does not fit in memory';

/** What must be said now, most urgent first. `advice`: what to do about the demo model. Everything here is in words: no colour and no sound is needed to know it. */
export function warnings({status, gauges, connection, goneWhy}: LiveState, advice?: string): Warning[] {
	if (connection === 'gone')
		return [ringing('NO RECORDER: what is said goes on the tape, captions come when it is back')];
	if (connection === 'ended') return [ringing(`NO RECORDER: ${goneWhy ?? 'it ended'}`)];
	return status ? [...sessionWarnings(status, gauges?.isModelTooBig === true, advice), ...noticesOf(status)] : [];
}

function sessionWarnings({state, session}: RecorderStatus, isModelTooBig: boolean, advice?: string): Warning[] {
	if (!session) return [];
	const isHearing = state === 'recording';
	const lag = spanOfTime(session.lagMs);
	const found: (Warning | false)[] = [
		session.disk === 'refused' && ringing('DISK FULL OR FAILED: captions are unsaved, audio waits in memory'),
		isHearing &&
			session.capture === 'restarting' &&
			ringing('NOTHING IS RECORDED: the recording process is started again'),
		isHearing &&
			session.capture === 'running' &&
			!session.device &&
			ringing('MICROPHONE LOST OR MISSING: nothing is heard until there is one'),
		session.engine === 'failed' && ringing('THE MODEL FAILED: audio is recorded, captions come when it runs again'),
		isHearing &&
			session.device !== undefined &&
			session.isInputSilent &&
			ringing('NO INPUT: the microphone gives silence only'),
		isHearing && session.isSpeechWithoutWords && ringing('SPEECH HEARD, NO WORDS'),
		session.isBehind && ringing(`BEHIND ${lag}: nothing is lost, the captions catch up`),
		session.disk === 'slow' && quiet('DISK SLOW: the recording waits in memory'),
		isModelTooBig && quiet(`${modelDoesNotFit}: it is read from the disk again and again`),
		session.overruns > 0 &&
			quiet(`${session.overruns} ${session.overruns === 1 ? 'piece' : 'pieces'} of sound lost by the device`),
		session.model.isEmbedded && quiet(demoModelWarning(session.model.accuracy, advice)),
	];
	return found.filter(warning => warning !== false);
}

/** What the model that comes along is worth, and how to get a real one. */
export function demoModelWarning(accuracy?: string, advice?: string): string {
	return safeLine(['demo model', ...(accuracy ? [accuracy] : [])].join(': ') + (advice ? `. ${advice}` : ''));
}

const noticesOf = ({notices}: RecorderStatus): Warning[] => notices.map(notice => quiet(safeLine(notice)));

/** What tells one warning from another: it rings once, however its figures change. */
export const warningKind = ({text}: Warning): string => text.replace(/\d+(?:[.:]\d+)*( (?:s|min|h))?/g, 'N');

const ringing = (text: string): Warning => ({text, rings: true});
const quiet = (text: string): Warning => ({text, rings: false});
