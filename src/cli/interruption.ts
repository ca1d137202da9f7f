/** npm passes a signal on to what it started, so one Ctrl+C can come twice; a person needs longer to press it again. */
const sameKeyMs = 500;

/**
 * A signal that aborts when the user wants the process to end: Ctrl+C, `kill`, or the terminal hanging up. What runs then ends by itself, keeping what was
 * captioned. A second one ends the process at once, after `beforeEnd`: by the signal itself, because ending an engine in the middle of native code would be a crash.
 */
export function listenForInterruption(beforeEnd: () => void): AbortSignal {
	const controller = new AbortController();
	let firstMs: number | undefined;
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, () => {
			firstMs ??= performance.now();
			if (performance.now() - firstMs > sameKeyMs) {
				beforeEnd();
				process.removeAllListeners(signal);
				process.kill(process.pid, signal);
			}
			controller.abort();
		});
	}
	return controller.signal;
}
