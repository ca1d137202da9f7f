import type {GapReason} from './journal-entry.js';
import {shortTime} from './time-text.js';

const reasons: Record<GapReason, string> = {
	paused: 'paused',
	device: 'no microphone',
	capture: 'the recording process died',
	disk: 'the disk took nothing',
	recovery: 'the machine or the recording died',
};

/** What a gap is, for people: `not recorded for 0:12 (paused)`. */
export const gapText = ({lostMs, why}: {lostMs: number; why: GapReason}): string =>
	`not recorded for ${shortTime(lostMs)} (${reasons[why]})`;
