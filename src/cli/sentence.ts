import {safeLine} from '../session/safe-text.js';

/** A message that is longer is somebody else's output; its beginning says enough. */
const longestSentence = 500;

const reasons: Record<string, string> = {
	EACCES: 'permission denied',
	EDQUOT: 'the disk quota is used up',
	EEXIST: 'it is there already',
	EFBIG: 'the file would be too big',
	EIO: 'the disk or terminal does not answer',
	EISDIR: 'it is a folder',
	ELOOP: 'too many links',
	EMFILE: 'too many open files',
	ENAMETOOLONG: 'the name is too long',
	ENOENT: 'no such file or folder',
	ENOSPC: 'no space is left on the device',
	ENOTDIR: 'a part of its path is not a folder',
	EPERM: 'not permitted',
	EPIPE: 'its reader is gone',
	EROFS: 'the disk is read-only',
};

/** Why the system refused, in words where the code is known. */
export function systemReason(error: unknown): string {
	const {code, message} = error as NodeJS.ErrnoException;
	return reasons[code ?? ''] ?? code ?? message ?? String(error);
}

/** `error` as one safe sentence for people. */
export function errorSentence(error: unknown): string {
	const sentence = safeLine(isForPeople(error) ? error.message : unexpected(error));
	return sentence.length > longestSentence ? `${sentence.slice(0, longestSentence)}…` : sentence;
}

const ownErrors = [
	'AudioError',
	'CaptureError',
	'ConvertError',
	'EngineError',
	'ModelError',
	'OutputError',
	'RecorderError',
	'SessionError',
	'SettingsError',
	'UsageError',
];

/** Errors whose messages were written to be read: this project's own. */
const isForPeople = (error: unknown): error is Error => error instanceof Error && ownErrors.includes(error.name);

function unexpected(error: unknown): string {
	const {path, syscall} = error as NodeJS.ErrnoException;
	if (syscall) return `Cannot ${syscall} ${path ?? 'a file'}: ${systemReason(error)}.`;
	const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
	return `Something went wrong that should not have (${message}): PI_CAPTION_DEBUG=1 shows where.`;
}
