import {z} from 'zod';

const sample = z.number().int().nonnegative();
const ms = z.number().finite();
/** A word is cut at 5 s and a caption at 15 s (`engine/captions.ts`): what is longer was not written by this program. */
const spelling = z.string().max(20_000);

const segment = z.object({
	segmentId: z.number().int().nonnegative(),
	text: spelling,
	startMs: ms,
	endMs: ms,
	words: z.array(z.object({text: spelling, startMs: ms, endMs: ms})).max(2000),
});

/** Why the tape has no samples for a while. `recovery`: the machine or every process died. */
export const gapReason = z.enum(['paused', 'device', 'capture', 'disk', 'recovery']);
/** Why the tape has no samples for a while. */
export type GapReason = z.infer<typeof gapReason>;

const at = {
	/** Sample of the tape, at the tape's own rate. */
	atSample: sample,
	/** Wall clock when it was written, milliseconds since 1970. A label: a Pi without a network does not know the time. */
	wallMs: ms,
};

/**
 * One line of `journal.jsonl` (design §2): finals, gaps, marks, notes, states, appended only. Positions count samples of the tape, at its own rate; times in a segment are
 * milliseconds of tape time.
 */
export const journalEntry = z.discriminatedUnion('type', [
	/** Begins the journal and stands again after a recovery and after the clock was set: `wallMs` belongs to sample `atSample`. */
	z.object({type: z.literal('clock'), ...at}),
	/** The model from here on. */
	z.object({
		type: z.literal('model'),
		...at,
		id: z.string().max(200),
		name: z.string().max(2000),
		quantisation: z.string().max(100),
		framesPerCall: z.number().int().min(1).max(64),
	}),
	/** The microphone from here on. */
	z.object({type: z.literal('device'), ...at, name: z.string().max(1000), sampleRate: z.number().int().positive()}),
	/** A caption that never changes. `lagMs`: wall time at which it was final minus wall time at which its last sample reached the tape, where known. */
	z.object({type: z.literal('final'), ...at, segment, lagMs: ms.optional()}),
	/** Before sample `atSample` so much was not recorded; `wallMs` is when the gap began. */
	z.object({type: z.literal('gap'), ...at, lostMs: ms.nonnegative(), why: gapReason}),
	/** A moment that the user pointed at. */
	z.object({type: z.literal('mark'), ...at}),
	/** A line that the user typed; untrusted. */
	z.object({type: z.literal('note'), ...at, text: z.string().max(4000)}),
	/** The session's state from here on. `stopped` ends the session; after a recovery `recording` may follow it. */
	z.object({
		type: z.literal('state'),
		...at,
		state: z.enum(['recording', 'paused', 'stopped']),
		why: z.string().max(500).optional(),
	}),
]);

/** One line of a journal. All texts in it are untrusted. */
export type JournalEntry = z.infer<typeof journalEntry>;
