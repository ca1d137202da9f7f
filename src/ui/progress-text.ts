import {shortTime} from '../session/time-text.js';

/** How far a recording is captioned. `durationMs` is an estimate, undefined where nobody knows; `elapsedMs` is wall time since the first sample was asked for. */
export type Progress = {
	/** What goes before it, safe: the recording's name where there are several. */
	label?: string;
	positionMs: number;
	durationMs: number | undefined;
	computeMs: number;
	elapsedMs: number;
};

/** Earlier than this the pace is a guess. */
const firstEstimateMs = 1000;

/** `0:42 of 2:03, RTF 0.04, 0:03 left`: only what is known. */
export function progressText({label, positionMs, durationMs, computeMs, elapsedMs}: Progress): string {
	const isKnown = durationMs !== undefined && durationMs >= positionMs;
	const parts = [isKnown ? `${shortTime(positionMs)} of ${shortTime(durationMs)}` : shortTime(positionMs)];
	if (positionMs > 0) {
		parts.push(`RTF ${(computeMs / positionMs).toFixed(2)}`);
		if (isKnown && elapsedMs >= firstEstimateMs) {
			parts.push(`${shortTime(((durationMs - positionMs) * elapsedMs) / positionMs)} left`);
		}
	}
	return (label ? `${label}: ` : '') + parts.join(', ');
}
