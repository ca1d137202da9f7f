/**
 * What the process ends with. `nothingRecording`: asked about a session, and none is on; `alreadyRecording`: a session is on, and a new one was asked for.
 * `interrupted` is what a shell expects after Ctrl+C.
 */
export const exitCode = {
	done: 0,
	failed: 1,
	wrongUsage: 2,
	nothingRecording: 3,
	alreadyRecording: 4,
	interrupted: 130,
} as const;

/** One of `exitCode`. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
