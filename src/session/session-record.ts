import {z} from 'zod';

/** `session.json`: what a session says of itself beside its journal. Rewritten whole, atomically; all texts are untrusted. */
export const sessionRecord = z.object({
	formatVersion: z.literal(1),
	/** Folder name, immutable: date, time, 4 hex, as `2026-11-25_09-30-00_a1b2`. */
	id: z.string().regex(/^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_[0-9a-f]{4}$/),
	title: z.string().max(500),
	/** When it began, ISO 8601, by the clock of then. */
	startedAt: z.iso.datetime({offset: true}),
	/** `recording` until it was stopped properly: with no recorder on it, that says that it wants recovery. */
	state: z.enum(['recording', 'stopped']),
	/** Set when it was imported from a recording, which has no device. */
	importedFrom: z.string().max(1000).optional(),
	/** Rate and length of the tape, once it is closed: what is left of them where the audio is deleted. */
	tape: z.object({sampleRate: z.number().int().positive(), nSamples: z.number().int().nonnegative()}).optional(),
	/** Words of the transcript, once it is written. */
	nWords: z.number().int().nonnegative().optional(),
	/** The audio was deleted after the transcript was written and read back. */
	isAudioDeleted: z.boolean().optional(),
});

/** A parsed `session.json`. */
export type SessionRecord = z.infer<typeof sessionRecord>;

/** Files of a session's folder. */
export const sessionFiles = {
	record: 'session.json',
	tape: 'audio.wav',
	journal: 'journal.jsonl',
	transcript: 'transcript.md',
} as const;
