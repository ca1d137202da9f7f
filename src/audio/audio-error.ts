/** What went wrong with audio that was handed in. */
export type AudioErrorCode =
	| 'not-found'
	| 'not-a-file'
	| 'unreadable'
	| 'empty'
	| 'unknown-format'
	| 'unsupported'
	| 'corrupt'
	| 'decoder-missing';

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
