import type {EngineOptions} from '../engine/client.js';
import {framesPerCall, type Latency} from '../engine/latency.js';
import {accuracyText} from '../models/accuracy-text.js';
import {liveDefault} from '../models/live-default.js';
import {findModel} from '../models/model-store.js';
import type {JournalEntry} from '../session/journal-entry.js';
import type {Settings} from '../system/settings.js';
import type {SessionStatus} from './protocol.js';

/** The model of a session: how its engine is started, for people who read along, and what viewers are told of it. Texts are untrusted. */
export type SessionModel = {
	engine: EngineOptions & {framesPerCall: number};
	info: SessionStatus['model'];
};

/**
 * The model that `wanted` means; where nothing is wanted, the best one that was measured to keep up on this machine. Its files are checked when its engine loads. Throws
 * `ModelError` and `EngineError`.
 */
export async function sessionModel(
	wanted: string | undefined,
	latency: Latency,
	threads: number | undefined,
): Promise<SessionModel> {
	const chosen = wanted === undefined ? await liveDefault(latency) : undefined;
	const {dir, manifest, isEmbedded} = chosen ?? (await findModel(wanted));
	const {id, name, quantisation} = manifest;
	return {
		engine: {
			modelDir: dir,
			framesPerCall: framesPerCall[latency],
			isLive: true,
			...(threads !== undefined && {threads}),
		},
		info: {id, name, quantisation, accuracy: accuracyText(manifest), isEmbedded},
	};
}

/** The model that a journal was captioned with last, or the default where that is not here any more. */
export async function modelOfJournal(entries: readonly JournalEntry[], settings: Settings): Promise<SessionModel> {
	const last = entries.findLast(entry => entry.type === 'model');
	const model = await sessionModel(last?.id ?? settings.model, settings.latency, settings.threads).catch(() =>
		sessionModel(undefined, settings.latency, settings.threads),
	);
	return last ? {...model, engine: {...model.engine, framesPerCall: last.framesPerCall}} : model;
}
