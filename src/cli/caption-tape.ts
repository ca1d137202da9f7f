import type {EngineClient} from '../engine/client.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import {createResumeFilter, resumePoint} from '../session/resume.js';
import {SessionError} from '../session/session-error.js';
import {tapeExtent} from '../session/tape-file.js';
import {gapSamples, withGaps} from '../session/tape-gaps.js';
import {readTape} from '../session/tape-reader.js';
import type {CaptionView} from '../ui/caption-view.js';

/** A tape that is captioned into a journal. */
export type TapeCaptioning = {
	tapeFile: string;
	/** What was lost while it was recorded. */
	gaps: readonly JournalEntry[];
	/** Entries that `journal` has: where they have finals, the captions go on behind them. */
	known: readonly JournalEntry[];
	journal: JournalWriter;
	engine: EngineClient;
	view: CaptionView;
	/** Stands before the progress. */
	label?: string;
	/** Ends the captions; what was not final by then is not written, so that it can be heard again. */
	signal: AbortSignal;
};

/**
 * Captions a tape that does not grow any more, from where its journal ends to its end. Every final is on the medium before the next is asked for. Returns whether the tape was heard to its end.
 * Throws `EngineError`, `SessionError`; the finals before are in the journal.
 */
export async function captionTape(captioning: TapeCaptioning): Promise<boolean> {
	const {tapeFile, gaps, known, journal, engine, view, label, signal} = captioning;
	const {sampleRate, nSamples} = await tapeExtent(tapeFile);
	const point = resumePoint([...gaps, ...known.filter(({type}) => type !== 'gap')], sampleRate);
	const filter = createResumeFilter(point);
	const tape = await readTape(tapeFile, {fromSample: point.fromSample, sampleRate: engine.sampleRate});
	const source = withGaps(tape, sampleRate, gapSamples(gaps));
	const beganMs = performance.now();
	const fromMs = (point.fromSample * 1000) / sampleRate;
	const durationMs = (nSamples * 1000) / sampleRate;
	let positionMs = fromMs;
	try {
		for await (const event of engine.captions(source, {signal})) {
			if (signal.aborted) continue;
			if (event.type === 'progress') {
				positionMs = (event.decodedSamples * 1000) / engine.sampleRate;
				view.progress({
					label: label && `${label}, from ${Math.round(fromMs / 1000)} s`.replace(/, from 0 s$/, ''),
					positionMs: positionMs - fromMs,
					durationMs: durationMs - fromMs,
					computeMs: event.computeMs,
					elapsedMs: performance.now() - beganMs,
				});
				continue;
			}
			const fresh = filter(event);
			view.open(fresh?.type === 'partial' ? fresh.segment.text : '');
			if (fresh?.type !== 'final') continue;
			const atSample = Math.min(nSamples, Math.max(0, Math.round((positionMs * sampleRate) / 1000)));
			await append(journal, {type: 'final', atSample, wallMs: Date.now(), segment: fresh.segment});
		}
	} finally {
		view.open('');
		view.progress(undefined);
		await source.close();
	}
	return !signal.aborted;
}

/** Appends and waits until it is on the medium. Throws `SessionError` where the disk refuses it: what is not kept is not worth the computing. */
export async function append(journal: JournalWriter, entry: JournalEntry): Promise<void> {
	const saved = journal.append(entry);
	await journal.settled();
	if (journal.isRefused) {
		throw new SessionError(
			'disk-full',
			'The disk does not take the captions: make space, and go on with `pi-caption recover`.',
		);
	}
	await saved;
}
