/** What went wrong with audio that was handed in. */
export type AudioErrorCode =
	| 'not-found'
	| 'not-a-file'
	| 'unreadable'
	| 'empty'
	| 'unknown-format'
	| 'unsupported'
	| 'corrupt'
	| 'decoder-missing'
	/** No microphone of that name, or none at all. */
	| 'no-device'
	/** It is there and does not open: busy, no permission, not this rate. */
	| 'device-refused'
	/** It worked and stopped: unplugged, or its sound server ended. */
	| 'device-gone'
	/** This way to a microphone does not work here: a library or a program is missing. */
	| 'backend-missing';

/** Bad audio, in one sentence that says what was expected, what came and what to do. */
export class AudioError extends Error {
	override name = 'AudioError';

	constructor(
		readonly code: AudioErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
