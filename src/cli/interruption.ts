import {exitCode} from './exit-code.js';

/** npm passes a signal on to what it started, so one Ctrl+C can come twice; a person needs longer to press it again. */
const sameKeyMs = 500;

/**
 * A signal that aborts when the user wants the process to end: Ctrl+C, `kill`, or the terminal hanging up. What runs then ends by itself, keeping what was
 * captioned; a second Ctrl+C ends the process at once.
 */
export function listenForInterruption(): AbortSignal {
	const controller = new AbortController();
	let firstMs: number | undefined;
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, () => {
			firstMs ??= performance.now();
			if (performance.now() - firstMs > sameKeyMs) process.exit(exitCode.interrupted);
			controller.abort();
		});
	}
	return controller.signal;
}
