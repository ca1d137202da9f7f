/** What the process ends with. `interrupted` is what a shell expects after Ctrl+C. */
export const exitCode = {done: 0, failed: 1, wrongUsage: 2, interrupted: 130} as const;

/** One of `exitCode`. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
