import path from 'node:path';
import type {EngineClient} from '../engine/client.js';
import {framesPerCall, recordingLatency} from '../engine/latency.js';
import type {JournalEntry} from '../session/journal-entry.js';
import {claimants, claimSession, dropDeadClaims} from '../session/session-claim.js';
import {SessionError} from '../session/session-error.js';
import {sessionFiles} from '../session/session-record.js';
import {type CaptionView, createCaptionView} from '../ui/caption-view.js';
import {accuracyText, type ChosenModel} from './choose-model.js';
import type {Host} from './host.js';

/** Paths of a session's files. */
export const filesOf = (folder: string) => ({
	tape: path.join(folder, sessionFiles.tape),
	journal: path.join(folder, sessionFiles.journal),
});

/**
 * Works on the session at `folder` with a view, claimed, so that no other process does at the same time. Throws `SessionError` `refused` where one does.
 */
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
		const [other] = claimants(folder).filter(pid => pid !== process.pid);
		if (other !== undefined) {
			throw new SessionError(
				'refused',
				`Process ${other} works on session ${path.basename(folder)}: stop it first, or wait until it is done.`,
			);
		}
		dropDeadClaims(folder);
		return await work(view);
	} finally {
		view.close();
		giveUp();
		forget();
	}
}

/** Starts the engine of `model` for a tape, uses it and ends it. Throws `EngineError`. */
export async function withEngine<Result>(
	{dir}: ChosenModel,
	{threads, calls = framesPerCall[recordingLatency]}: {threads?: number; calls?: number},
	host: Host,
	use: (engine: EngineClient) => Promise<Result>,
): Promise<Result> {
	const engine = await host.startEngine({modelDir: dir, threads, framesPerCall: calls});
	try {
		return await use(engine);
	} finally {
		await engine.close();
	}
}

/** What a journal says of `model` from sample `atSample` on. */
export const modelEntry = (
	{manifest: {id, name, quantisation}}: ChosenModel,
	calls: number,
	atSample: number,
): JournalEntry => ({type: 'model', atSample, wallMs: Date.now(), id, name, quantisation, framesPerCall: calls});

/** Says what the embedded model is worth, where a person reads it. */
export function warnOfDemo(model: ChosenModel, host: Host, view: CaptionView): void {
	const accuracy = accuracyText(model.manifest);
	if (host.stderr.isTTY && model.isEmbedded && accuracy) view.message(`Demo model: ${accuracy}.`);
}
