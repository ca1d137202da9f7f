/** What went wrong with a model: it is not known, not installed, in use as it is, or the machine cannot take it; or its download. */
export type ModelErrorCode =
	| 'unknown'
	| 'exists'
	| 'bad-catalogue'
	| 'no-space'
	| 'no-memory'
	| 'bad-download'
	| 'network'
	| 'native'
	| 'busy'
	| 'failed';

/** A model that cannot be found, fetched or prepared, in one sentence that says what was expected, what came and what to do. */
export class ModelError extends Error {
	override name = 'ModelError';

	constructor(
		readonly code: ModelErrorCode,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
