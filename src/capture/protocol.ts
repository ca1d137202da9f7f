import {z} from 'zod';
import {gapReason} from '../session/journal-entry.js';

/** Version of what recorder and capture say to each other. */
export const captureProtocolVersion = 1;

const ms = z.number().finite();
const count = z.number().int().nonnegative();

/**
 * From the recorder, one JSON line each, at most 64 kB. Capture listens; one recorder speaks to it, and a newer connection replaces an older one.
 * `pause` closes the device, `resume` opens it again, `stop` ends the tape and the process. `received` lets capture forget the events up to `seq`; some hundred
 * are under way at once. `alive` is said every second or two: a recorder that says nothing for 5 s is replaced. `held` asks for samples that the tape does not take
 * yet, from `fromSample` on; one `held` message answers. While the disk refuses, samples beyond the newest 60 s are given up, and what waits behind them moves up on
 * the tape: so `fromSample` counts as if nothing were given up (place on the tape + `lostSamples`).
 */
export const toCapture = z.discriminatedUnion('type', [
	z.object({type: z.literal('hello'), protocolVersion: z.number().int()}),
	z.object({type: z.literal('alive')}),
	z.object({type: z.literal('pause')}),
	z.object({type: z.literal('resume')}),
	z.object({type: z.literal('stop')}),
	z.object({type: z.literal('received'), seq: count}),
	z.object({type: z.literal('held'), fromSample: count}),
]);
/** From the recorder. */
export type ToCapture = z.infer<typeof toCapture>;

/** Why capture cannot have a device, or what it is doing. */
export const captureState = z.enum(['opening', 'recording', 'paused', 'no-device', 'stopping']);
/** What capture is doing. */
export type CaptureState = z.infer<typeof captureState>;

/** Several times a second. */
export const captureStatus = z.object({
	state: captureState,
	device: z.object({name: z.string().max(1000), sampleRate: z.number()}).optional(),
	/** Rate of the tape; 0 before the first device was opened. */
	tapeRate: count,
	/** Of the last 100 ms and its decaying peak, dB below full scale (≤ 0). */
	levelDb: ms,
	peakDb: ms,
	/** For so long the device has given nothing, or nothing but zeros. */
	silentInputMs: ms,
	overruns: count,
	disk: z.enum(['ok', 'slow', 'refused']),
	/** Samples that the tape has, readable by others; on the medium; heard but held in memory because the disk does not take them; given up. */
	writtenSamples: count,
	syncedSamples: count,
	heldSamples: count,
	lostSamples: count,
	/** Why there is no device or the disk refuses, one sentence; untrusted. */
	problem: z.string().max(1000).optional(),
});
/** What capture says several times a second. */
export type CaptureStatus = z.infer<typeof captureStatus>;

/** What must reach the journal: kept by capture until a recorder `received` it, and said again to the next recorder. */
export const captureEvent = z.discriminatedUnion('type', [
	z.object({type: z.literal('gap'), atSample: count, wallMs: ms, lostMs: ms.nonnegative(), why: gapReason}),
	z.object({
		type: z.literal('device'),
		atSample: count,
		wallMs: ms,
		name: z.string().max(1000),
		sampleRate: z.number().int().positive(),
	}),
	/** No samples come after `atSample` for now: what was heard can be captioned to its end. The `gap` follows when samples come again. */
	z.object({type: z.literal('gap-began'), atSample: count, wallMs: ms, why: gapReason}),
	/** It ended by itself: limit of 6 h, or 500 MB of disk left. `why` is a sentence. */
	z.object({type: z.literal('limit'), atSample: count, wallMs: ms, why: z.string().max(500)}),
]);
/** What must reach the journal. */
export type CaptureEvent = z.infer<typeof captureEvent>;

/** To the recorder. `hello` comes first; `ended` last, when the tape is closed. */
export const fromCapture = z.discriminatedUnion('type', [
	z.object({
		type: z.literal('hello'),
		protocolVersion: z.number().int(),
		pid: z.number().int(),
		sessionFolder: z.string().max(4096),
	}),
	z.object({type: z.literal('status'), status: captureStatus}),
	z.object({type: z.literal('event'), seq: count, event: captureEvent}),
	/**
	 * 16-bit little-endian samples, base64; none when nothing is held there yet. `fromSample` is later than what was asked for where that was given up; `lostSamples` of this moment
	 * less, it is their place on the tape.
	 */
	z.object({type: z.literal('held'), fromSample: count, lostSamples: count, samples: z.string().max(65_000)}),
	z.object({type: z.literal('ended'), nSamples: count}),
	/** Capture closes the connection, for this reason, and records on. */
	z.object({type: z.literal('bye'), message: z.string().max(1000)}),
]);
/** To the recorder. */
export type FromCapture = z.infer<typeof fromCapture>;
