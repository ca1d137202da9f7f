import {EngineError} from './protocol.js';

/** The test switch that makes an engine too slow: `RTF:SECONDS`, for example `2:60`. */
export const slowDownVariable = 'PI_CAPTION_SLOW_RTF';

/** How long to wait after a call, in milliseconds: `audioMs` of audio have been decoded in `computeMs` so far, waiting included. */
export type SlowDown = (audioMs: number, computeMs: number) => number;

/**
 * Reads the test switch: `2:60` makes the first 60 seconds of audio cost twice their length, and the rest what it costs; undefined where it is not set.
 * It is there to see what happens with a model that is too heavy. Throws `EngineError`.
 */
export function slowDownOf(setting: string | undefined): SlowDown | undefined {
	if (setting === undefined || setting === '') return undefined;
	const [, rtf, seconds] = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(setting) ?? [];
	if (rtf === undefined) {
		throw new EngineError(
			'failed',
			`${slowDownVariable} should be RTF:SECONDS, for example 2:60, and is ${JSON.stringify(setting)}.`,
		);
	}
	return (audioMs, computeMs) => Math.max(0, Math.min(audioMs, Number(seconds) * 1000) * Number(rtf) - computeMs);
}
