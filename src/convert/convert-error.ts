/** What went wrong in a conversion: the checkpoint's file, one of its tensors, its configuration, or where the package should go. */
export type ConvertErrorCode =
	| 'bad-file'
	| 'truncated'
	| 'bad-tensor'
	| 'missing-tensor'
	| 'unknown-tensor'
	| 'wrong-dtype'
	| 'wrong-shape'
	| 'bad-config'
	| 'exists'
	| 'failed';

/** A checkpoint that cannot be converted, in one sentence that names the first thing that is wrong, what was expected and what came. */
export class ConvertError extends Error {
	override name = 'ConvertError';

	constructor(
		readonly code: ConvertErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
