/**
 * Why a recorder cannot be asked. `not-running`: there is none; `other-version`: it speaks another protocol; `lost`: it went before it answered;
 * `failed`: it could not be started, or does not answer.
 */
export type RecorderErrorCode = 'not-running' | 'other-version' | 'lost' | 'failed';

/** A recorder that cannot be asked, in one sentence that says what was expected, what came and what to do. */
export class RecorderError extends Error {
	override name = 'RecorderError';

	constructor(
		readonly code: RecorderErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
