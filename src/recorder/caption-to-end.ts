import path from 'node:path';
import type {EngineClient, EngineOptions} from '../engine/client.js';
import {EngineError} from '../engine/protocol.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {JournalWriter} from '../session/journal-writer.js';
import type {Segment} from '../session/segment.js';
import {SessionError} from '../session/session-error.js';
import {sessionFiles} from '../session/session-record.js';
import {tapeExtent} from '../session/tape-file.js';
import {gapSamples} from '../session/tape-gaps.js';
import {SessionCaptions} from './session-captions.js';

/** Who watches while a tape is captioned. */
export type CaptionWatcher = {
	/** The open line changed; untrusted. */
	onOpen?(segment: Segment | undefined): void;
	/** The tape is decoded up to `decodedMs` of `tapeMs`. */
	onProgress?(decodedMs: number, computeMs: number, tapeMs: number): void;
};

/** A tape that does not grow any more, and the journal that its captions go into. */
export type CaptionToEndOptions = CaptionWatcher & {
	/** The session whose tape it is. */
	folder: string;
	engine: EngineOptions;
	/** @default the engine in its worker */
	startEngine?(options: EngineOptions): Promise<EngineClient>;
	/** What was recorded: the gaps are looked for in it. */
	recorded: readonly JournalEntry[];
	/** What `journal` has: where there are finals, the captions go on behind them. */
	known: readonly JournalEntry[];
	journal: JournalWriter;
	/** Ends the captions; what was not final by then is not written, so that it is heard again. */
	signal: AbortSignal;
};

/**
 * Captions a tape from where its journal ends to its end. Returns how many finals are new; undefined where it was aborted. All finals are on the medium then. Throws `EngineError` where
 * engines fail again and again, and `SessionError` where the disk does not take the captions; what was final before is in the journal.
 */
export async function captionToEnd(options: CaptionToEndOptions): Promise<number | undefined> {
	const {folder, engine, startEngine, recorded, known, journal, signal, onOpen, onProgress} = options;
	const {sampleRate, nSamples} = await tapeExtent(path.join(folder, sessionFiles.tape));
	const tapeMs = (nSamples * 1000) / sampleRate;
	let nFinals = 0;
	let problem = '';
	const captions = new SessionCaptions({
		folder,
		engine,
		startEngine,
		entries: known,
		gaps: gapSamples(recorded),
		isGrowing: () => false,
		onState: (_state, why = '') => {
			problem = why;
		},
		onOpen: segment => onOpen?.(segment),
		onProgress: (decodedMs, computeMs) => onProgress?.(decodedMs, computeMs, tapeMs),
		onFinal: segment => {
			// The end of an aborted hearing is no end of a caption.
			if (signal.aborted) return;
			nFinals++;
			const atSample = Math.max(0, Math.min(nSamples, Math.round((segment.endMs * sampleRate) / 1000)));
			void journal.append({type: 'final', atSample, wallMs: Date.now(), segment});
			// What is not kept is not worth the computing.
			if (journal.isRefused) captions.abort();
		},
	});
	const abort = () => captions.abort();
	signal.addEventListener('abort', abort, {once: true});
	if (signal.aborted) abort();
	const isWhole = await captions.done;
	signal.removeEventListener('abort', abort);
	await keep(journal);
	if (signal.aborted) return undefined;
	if (!isWhole) throw new EngineError('failed', problem);
	return nFinals;
}

/** Appends `entries` and waits until the medium has all of `journal`. Throws `SessionError` where the disk refuses. */
export async function keep(journal: JournalWriter, ...entries: JournalEntry[]): Promise<void> {
	for (const entry of entries) void journal.append(entry);
	await journal.settled();
	if (journal.isRefused) {
		throw new SessionError(
			'disk-full',
			'The disk does not take the captions: make space and try again; nothing is lost.',
		);
	}
}
