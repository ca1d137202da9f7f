/** Why a recording cannot be captured. `running`: another capture runs; `failed`: the tape or the process does not work. */
export type CaptureErrorCode = 'running' | 'failed';

/** A recording that cannot be captured, in one sentence that says what was expected, what came and what to do. */
export class CaptureError extends Error {
	override name = 'CaptureError';

	constructor(
		readonly code: CaptureErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
