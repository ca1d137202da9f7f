/** A command that was put together wrongly, in one sentence that says what to write instead. */
export class UsageError extends Error {
	override name = 'UsageError';
}
