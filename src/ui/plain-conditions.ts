import type {RecorderStatus} from '../recorder/protocol.js';

/** What a reader should know while it lasts: `kind` is short and stays the same, `line` says it with what is known. */
export type Condition = {kind: string; line: string};

/** Everything about a session that is not as it should be, in words. Untrusted texts. */
export function conditionLines({state, session}: RecorderStatus): Condition[] {
	if (!session) return [];
	const {disk, capture, engine, isBehind, lagMs, isInputSilent, isSpeechWithoutWords} = session;
	const isHearing = state === 'recording';
	const found: (Condition | false)[] = [
		state === 'starting' && {kind: 'starting', line: 'starting: the microphone opens and the model loads'},
		state === 'stopping' && {kind: 'stopping', line: 'stopping: what is on the tape is still captioned'},
		disk === 'slow' && {kind: 'disk slow', line: 'disk slow: what is heard waits in memory for it'},
		disk === 'refused' && {
			kind: 'disk full',
			line: 'disk full or broken: captions go on unsaved, and the recording is kept in memory for a minute',
		},
		capture === 'restarting' && {kind: 'recording process gone', line: 'recording process gone: it is started again'},
		engine === 'failed' && {kind: 'model failed', line: 'model failed: it is loaded again, and the recording goes on'},
		isHearing && !session.device && {kind: 'no microphone', line: 'no microphone: it is looked for'},
		isHearing && isInputSilent && {kind: 'no input', line: 'no input: the microphone gives nothing, or only zeros'},
		isBehind && {
			kind: 'BEHIND',
			line: `BEHIND ${Math.round(lagMs / 1000)} s: the model is slower than speech; nothing is lost`,
		},
		isSpeechWithoutWords && {
			kind: 'speech heard, no words',
			line: 'speech heard, no words: is it the language that the model knows?',
		},
	];
	return found.filter(condition => condition !== false);
}
