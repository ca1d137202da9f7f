import {z} from 'zod';
import {type Latency, latencies} from '../engine/latency.js';
import {journalEntry} from '../session/journal-entry.js';

/** Version of what viewers and recorder say to each other; both name it first, and another version gets a sentence. */
export const recorderProtocolVersion = 1;
/** A message is one JSON line of at most so many bytes. */
export const maxMessageBytes = 65_536;

const text = z.string().max(4000);

/** How long captions may wait for full calls of the model; `engine/latency.ts` has the sizes. */
export const latency = z.enum(latencies);
export type {Latency};

/** What a session starts with; what is left out comes from the settings. Texts are untrusted. */
export const startOptions = z.object({
	title: z.string().max(500).optional(),
	device: z.string().max(1000).optional(),
	model: z.string().max(1000).optional(),
	latency: latency.optional(),
	isOffRecord: z.boolean().optional(),
});
/** What a session starts with. */
export type StartOptions = z.infer<typeof startOptions>;

/** What keys and commands ask for; each gets one `reply` with its `id`. `stop` is answered when the transcript is written. */
export const command = z.discriminatedUnion('name', [
	z.object({name: z.literal('start'), options: startOptions}),
	z.object({name: z.literal('pause')}),
	z.object({name: z.literal('resume')}),
	z.object({name: z.literal('mark')}),
	z.object({name: z.literal('note'), text}),
	z.object({name: z.literal('stop')}),
	/** Ends the recorder when no session is on. */
	z.object({name: z.literal('exit')}),
]);
/** What keys and commands ask for. */
export type Command = z.infer<typeof command>;

/** From a viewer or a command. */
export const toRecorder = z.discriminatedUnion('type', [
	z.object({type: z.literal('hello'), protocolVersion: z.number().int(), wants: z.enum(['events', 'replies'])}),
	z.object({type: z.literal('command'), id: z.number().int().nonnegative(), command}),
]);
/** From a viewer or a command. */
export type ToRecorder = z.infer<typeof toRecorder>;

/**
 * Where a session stands. `idle`: none, the device is closed. `starting`: device and model open. `stopping`: the microphone is closed,
 * what is on the tape is still captioned.
 */
export const recorderState = z.enum(['idle', 'starting', 'recording', 'paused', 'stopping']);
/** Where a session stands. */
export type RecorderState = z.infer<typeof recorderState>;

const ms = z.number().finite();

/** The session that is on. Texts are untrusted. */
export const sessionStatus = z.object({
	id: z.string().max(100),
	folder: z.string().max(4096),
	title: z.string().max(500),
	startedAt: z.string().max(100),
	isOffRecord: z.boolean(),
	/** Length of the tape. */
	tapeMs: ms,
	/** The microphone; undefined while there is none. */
	device: z.object({name: z.string().max(1000), sampleRate: z.number()}).optional(),
	/** Level of the last 100 ms and its recent peak, dB below full scale (≤ 0). */
	levelDb: ms,
	peakDb: ms,
	/** The device has given nothing but zeros, or nothing at all, for 3 s. */
	isInputSilent: z.boolean(),
	/** Blocks that the device dropped because nobody took them in time. */
	overruns: z.number().int().nonnegative(),
	disk: z.enum(['ok', 'slow', 'refused']),
	capture: z.enum(['running', 'restarting']),
	engine: z.enum(['loading', 'running', 'failed']),
	model: z.object({
		id: z.string().max(200),
		name: z.string().max(2000),
		quantisation: z.string().max(100),
		/** As measured on people that training never heard: `about 7 of 10 words wrong for a new speaker`. */
		accuracy: z.string().max(200).optional(),
		isEmbedded: z.boolean(),
	}),
	/** RTF of the last 10 s. */
	rtf: ms,
	/** Captured and not decoded. */
	backlogMs: ms,
	/** What the reader waits now: model delay + backlog. */
	lagMs: ms,
	/** The backlog is beyond what is normal: say `BEHIND` and by how much. */
	isBehind: z.boolean(),
	/** Speech is heard and no words come. */
	isSpeechWithoutWords: z.boolean(),
	/** Processes, for the gauges. */
	capturePid: z.number().int().optional(),
});

/** The session that is on. */
export type SessionStatus = z.infer<typeof sessionStatus>;

/** What the recorder is doing, sent once a second and at every change. `notices`: sentences to show now (linger, disk, recovery, …); untrusted. */
export const recorderStatus = z.object({
	state: recorderState,
	recorderPid: z.number().int(),
	isService: z.boolean(),
	session: sessionStatus.optional(),
	notices: z.array(z.string().max(1000)).max(20),
});
/** What the recorder is doing. */
export type RecorderStatus = z.infer<typeof recorderStatus>;

const openSegment = z.object({segmentId: z.number().int(), text: z.string().max(20_000), startMs: ms, endMs: ms});

/**
 * To a viewer. First `hello`. A viewer that wants events then gets a `snapshot`, and one anew after its outbox overflowed: the journal up to `journalBytes`
 * is the history, read from `status.session.folder`, and `entry` messages go on behind it. Entries that the disk did not take are sent again
 * after each snapshot with `isUnsaved`; when the disk took them, `saved` says so.
 */
export const fromRecorder = z.discriminatedUnion('type', [
	z.object({type: z.literal('hello'), protocolVersion: z.number().int(), recorderPid: z.number().int()}),
	z.object({
		type: z.literal('snapshot'),
		status: recorderStatus,
		journalBytes: z.number().int().nonnegative(),
		open: openSegment.optional(),
	}),
	z.object({type: z.literal('status'), status: recorderStatus}),
	z.object({type: z.literal('open'), segment: openSegment.optional()}),
	z.object({type: z.literal('entry'), entry: journalEntry, isUnsaved: z.boolean()}),
	z.object({type: z.literal('saved'), segmentIds: z.array(z.number().int()).max(1000)}),
	/** `message`: what was done or why not, one sentence. `folder`: of the session that was started or stopped. */
	z.object({
		type: z.literal('reply'),
		id: z.number().int(),
		isDone: z.boolean(),
		message: text,
		folder: z.string().max(4096).optional(),
		status: recorderStatus,
	}),
	/** The recorder closes the connection, for this reason. */
	z.object({type: z.literal('bye'), message: text}),
]);
/** To a viewer or a command. */
export type FromRecorder = z.infer<typeof fromRecorder>;
