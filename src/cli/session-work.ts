import path from 'node:path';
import {framesPerCall, recordingLatency} from '../engine/latency.js';
import {captionToEnd, keep} from '../recorder/caption-to-end.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import {claimSession, dropDeadClaims, refuseClaimed} from '../session/session-claim.js';
import {sessionFiles} from '../session/session-record.js';
import {tapeExtent} from '../session/tape-file.js';
import {type CaptionView, createCaptionView} from '../ui/caption-view.js';
import {accuracyText, type ChosenModel} from './choose-model.js';
import type {Host} from './host.js';

/** Works on the session at `folder` with a view, claimed, so that no other process does at the same time. Throws `SessionError` where one does. */
export async function workOn<Result>(
	folder: string,
	host: Host,
	work: (view: CaptionView) => Promise<Result>,
): Promise<Result> {
	const giveUp = claimSession(folder);
	const view = createCaptionView(host);
	const forget = host.atExit(() => {
		view.close();
		giveUp();
	});
	try {
		refuseClaimed(folder);
		dropDeadClaims(folder);
		return await work(view);
	} finally {
		view.close();
		giveUp();
		forget();
	}
}

/** Shows the captions of a tape as they come: the open line, and how far they are of what there is to do. */
export function showCaptions(view: CaptionView, label?: string) {
	const beganMs = performance.now();
	let fromMs: number | undefined;
	return {
		onOpen: (segment: {text: string} | undefined) => view.open(segment?.text ?? ''),
		onProgress(decodedMs: number, computeMs: number, tapeMs: number) {
			// A tape that is gone on with begins in its middle.
			fromMs ??= decodedMs;
			const elapsedMs = performance.now() - beganMs;
			view.progress({label, positionMs: decodedMs - fromMs, durationMs: tapeMs - fromMs, computeMs, elapsedMs});
		},
	};
}

/** A transcript to be made of a session's tape. */
export type Transcription = {
	folder: string;
	model: ChosenModel;
	threads?: number;
	/** What was recorded: it has the gaps. */
	recorded: readonly JournalEntry[];
	/** The transcript's journal, and what it has already. */
	journal: JournalWriter;
	known: readonly JournalEntry[];
	/** What its last entry says. */
	why: string;
	label: string;
};

/** Captions a session's tape into a journal to the end, which the journal then says. Returns whether it came there; false where the signal aborted. Throws `EngineError`, `SessionError`. */
export async function transcribeTape(transcription: Transcription, host: Host, view: CaptionView): Promise<boolean> {
	const {folder, model, threads, recorded, journal, known, why, label} = transcription;
	const {id, name, quantisation} = model.manifest;
	const calls = framesPerCall[recordingLatency];
	if (known.length === 0) {
		const entry = {
			type: 'model',
			atSample: 0,
			wallMs: Date.now(),
			id,
			name,
			quantisation,
			framesPerCall: calls,
		} as const;
		await keep(journal, entry);
	}
	const nNew = await captionToEnd({
		folder,
		engine: {modelDir: model.dir, framesPerCall: calls, ...(threads !== undefined && {threads})},
		startEngine: host.startEngine,
		recorded,
		known,
		journal,
		signal: host.signal,
		...showCaptions(view, label),
	});
	view.progress(undefined);
	if (nNew === undefined) return false;
	const {nSamples} = await tapeExtent(path.join(folder, sessionFiles.tape));
	await keep(journal, {type: 'state', atSample: nSamples, wallMs: Date.now(), state: 'stopped', why});
	return true;
}

/** Says what the embedded model is worth, where a person reads it. */
export function warnOfDemo(model: ChosenModel, host: Host, view: CaptionView): void {
	const accuracy = accuracyText(model.manifest);
	if (host.stderr.isTTY && model.isEmbedded && accuracy) view.message(`Demo model: ${accuracy}.`);
}
