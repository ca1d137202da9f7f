/** What went wrong with a recording on disk. */
export type SessionErrorCode = 'damaged' | 'exists' | 'not-found' | 'disk-full' | 'refused' | 'too-long';

/** A session that cannot be made, read or written, in one sentence that says what was expected, what came and what to do. */
export class SessionError extends Error {
	override name = 'SessionError';

	constructor(
		readonly code: SessionErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
