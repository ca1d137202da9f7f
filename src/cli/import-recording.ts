import {rm} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {finishSession} from '../session/finish-session.js';
import {createJournal} from '../session/journal.js';
import {safeLine} from '../session/safe-text.js';
import {SessionError} from '../session/session-error.js';
import {createSession} from '../session/session-folder.js';
import {sessionFiles} from '../session/session-record.js';
import {createTape} from '../session/tape.js';
import type {TapeWriter} from '../session/tape-writer.js';
import {shortTime} from '../session/time-text.js';
import type {CaptionView} from '../ui/caption-view.js';
import {chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {print, readSettings} from './saved-sessions.js';
import {transcribeTape, warnOfDemo, workOn} from './session-work.js';

/** The flags of `import`. */
export type ImportOptions = {title?: string; model?: string; threads?: number; modelsDir?: string};

/**
 * Makes a session of the recording `file`: its tape at the recording's own rate, then captions and transcript. A copy that is not complete leaves nothing; one that is and is not
 * captioned to its end is for `recover`. Throws `AudioError`, `EngineError`, `SessionError`.
 */
export async function importRecording(file: string, options: ImportOptions, host: Host): Promise<ExitCode> {
	const settings = await readSettings(host);
	// Before anything is copied, what cannot be captioned is said.
	const model = await chooseModel(options.model ?? settings.model, options.modelsDir);
	const name = safeLine(path.basename(file));
	const title = safeLine(options.title ?? path.parse(name).name).slice(0, 500) || name;
	const {folder, record} = await createSession(settings.sessionsFolder, {title, importedFrom: name.slice(0, 1000)});
	return workOn(folder, host, async view => {
		warnOfDemo(model, host, view);
		const tapeFile = path.join(folder, sessionFiles.tape);
		try {
			await copyToTape(file, tapeFile, host, view);
		} catch (error) {
			await rm(folder, {recursive: true, force: true});
			throw error;
		}
		if (host.signal.aborted) {
			await rm(folder, {recursive: true, force: true});
			view.message('Interrupted while the recording was copied: nothing was imported.');
			return exitCode.interrupted;
		}

		const journal = await createJournal(path.join(folder, sessionFiles.journal));
		const {threads} = options;
		const transcription = {
			folder,
			model,
			threads,
			recorded: [],
			journal,
			known: [],
			why: 'imported',
			label: 'captions',
		};
		try {
			if (!(await transcribeTape(transcription, host, view))) {
				view.message(`Interrupted; \`pi-caption recover ${record.id}\` goes on with it.`);
				return exitCode.interrupted;
			}
		} finally {
			await journal.close();
		}
		const {transcript, keptAudio} = await finishSession(folder, settings.keepAudio);
		if (keptAudio) view.message(keptAudio);
		view.close();
		return print(host, `${record.id}  ${shortTime(transcript.durationMs)}  ${transcript.nWords} words  ${title}\n`);
	});
}

/** Copies the recording to a new tape, until the signal aborts. */
async function copyToTape(file: string, tapeFile: string, host: Host, view: CaptionView): Promise<void> {
	const source = await host.openAudio(file, {sampleRate: 'own'});
	try {
		const beganMs = performance.now();
		let refusal: unknown;
		const tape = await createTape(tapeFile, source.sampleRate, {
			onHealth: (health, error) => {
				refusal = health === 'refused' ? error : undefined;
			},
		});
		let nSamples = 0;
		try {
			for await (const {samples} of source.chunks()) {
				if (host.signal.aborted) break;
				tape.append(toPcm(samples));
				nSamples += samples.length;
				await written(tape, () => refusal);
				const {estimatedSamples, sampleRate} = source;
				view.progress({
					label: 'copying',
					positionMs: (nSamples * 1000) / sampleRate,
					durationMs: estimatedSamples === undefined ? undefined : (estimatedSamples * 1000) / sampleRate,
					computeMs: performance.now() - beganMs,
					elapsedMs: performance.now() - beganMs,
				});
			}
		} finally {
			await tape.finish();
		}
		for (const warning of source.warnings) view.message(warning);
		if (tape.lostSamples > 0) throw diskFull(refusal);
	} finally {
		view.progress(undefined);
		await source.close();
	}
}

/** Waits until the disk has nearly all: a file comes faster than any disk takes it. Throws `SessionError` where it refuses. */
async function written(tape: TapeWriter, refusal: () => unknown): Promise<void> {
	while (tape.unwrittenSamples > tape.sampleRate) {
		if (refusal() !== undefined) throw diskFull(refusal());
		await setTimeout(1);
	}
}

const diskFull = (cause: unknown) =>
	new SessionError(
		'disk-full',
		'The disk does not take the recording: make space, or set `sessionsFolder` to another disk.',
		{
			cause,
		},
	);

function toPcm(samples: Float32Array): Int16Array {
	const pcm = new Int16Array(samples.length);
	for (let i = 0; i < samples.length; i++)
		pcm[i] = Math.max(-32_768, Math.min(32_767, Math.round(samples[i]! * 32_768)));
	return pcm;
}
