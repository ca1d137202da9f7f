import type {JournalEntry} from './journal-entry.js';

/** When sample time `tapeMs` was heard; undefined where nobody looked at a clock, as with an imported recording. */
export type WallClock = (tapeMs: number) => Date | undefined;

type Anchor = {atMs: number; wallMs: number};
type Lost = {atMs: number; lostMs: number};
/** A part of the tape that one start of the machine recorded: its clock may be wrong first and set later, never the other way round. */
type Stretch = {fromMs: number; anchor: Anchor | undefined};

/** Dates beyond are not of this program (`Date` ends at ±8.64e15). */
const maxWallMs = 8e15;

/**
 * The clock of the tape that `entries` belong to, at `tapeRate` Hz. Between two deaths of the machine the last time that was looked at the clock counts, backwards too: a Pi without a battery begins
 * with a wrong one and sets it when it finds the network.
 */
export function createWallClock(entries: Iterable<JournalEntry>, tapeRate: number): WallClock {
	const stretches: Stretch[] = [{fromMs: 0, anchor: undefined}];
	const losses: Lost[] = [];
	const anchors: Anchor[] = [];
	for (const entry of entries) {
		const atMs = (entry.atSample * 1000) / tapeRate;
		if (entry.type === 'clock' && Math.abs(entry.wallMs) < maxWallMs) anchors.push({atMs, wallMs: entry.wallMs});
		if (entry.type !== 'gap') continue;
		losses.push({atMs, lostMs: entry.lostMs});
		if (entry.why === 'recovery') stretches.push({fromMs: atMs, anchor: undefined});
	}
	stretches.sort((a, b) => a.fromMs - b.fromMs);
	for (const anchor of anchors) {
		const stretch = stretches.findLast(({fromMs}) => fromMs <= anchor.atMs);
		if (stretch) stretch.anchor = anchor;
	}

	return tapeMs => {
		const own = stretches.findLastIndex(({fromMs}) => fromMs <= tapeMs);
		const anchor =
			stretches.slice(0, own + 1).findLast(stretch => stretch.anchor)?.anchor ??
			stretches.slice(own + 1).find(stretch => stretch.anchor)?.anchor;
		if (!anchor || !Number.isFinite(tapeMs)) return undefined;
		const [from, to] = [Math.min(anchor.atMs, tapeMs), Math.max(anchor.atMs, tapeMs)];
		const lostMs = losses.reduce((sum, {atMs, lostMs}) => (atMs > from && atMs <= to ? sum + lostMs : sum), 0);
		const wallMs = anchor.wallMs + (tapeMs - anchor.atMs) + (tapeMs >= anchor.atMs ? lostMs : -lostMs);
		return Math.abs(wallMs) < maxWallMs ? new Date(wallMs) : undefined;
	};
}
