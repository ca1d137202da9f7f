import {type Latency, liveLatency} from '../engine/latency.js';
import {canCarryLive, readBenchFigures} from './bench-figures.js';
import {type FoundModel, listModels, type ModelFolders, modelFolders} from './model-store.js';

/** An installed model, and whether it was measured to keep up on this machine. */
export type RatedModel = FoundModel & {
	/** Real-time factor at the latency in question, undefined where nobody measured it. */
	rtf: number | undefined;
	/** Whether it may caption while people speak without being asked for; the embedded one always may. */
	isLive: boolean;
};

/** Every model that can be read, with what was measured for it at `latency`. */
export async function ratedModels(
	latency: Latency = liveLatency,
	folders: ModelFolders = modelFolders,
): Promise<RatedModel[]> {
	const models = (await listModels(folders)).filter(model => 'manifest' in model);
	return Promise.all(
		models.map(async model => {
			const figures = await readBenchFigures(model.dir).catch(() => undefined);
			return {...model, rtf: figures?.rtf[latency], isLive: model.isEmbedded || canCarryLive(figures, latency)};
		}),
	);
}

/**
 * The model for live captions where the user names none: the largest that was measured to keep up on this machine, else the embedded one. Others are for captioning again,
 * afterwards. Undefined where not even that is here.
 */
export async function liveDefault(
	latency: Latency = liveLatency,
	folders: ModelFolders = modelFolders,
): Promise<RatedModel | undefined> {
	return largest((await ratedModels(latency, folders)).filter(({isLive}) => isLive));
}

/** The model for recordings where the user names none: the largest that is here, which may take its time. */
export async function recordingDefault(folders: ModelFolders = modelFolders): Promise<FoundModel | undefined> {
	return largest((await listModels(folders)).filter(model => 'manifest' in model));
}

/** More weights in a decoder's layers understand better. */
const largest = <Model extends FoundModel>(models: Model[]): Model | undefined => {
	const sizeOf = ({manifest: {lm}}: Model) => lm.layers * lm.dim ** 2;
	return models.sort((a, b) => sizeOf(b) - sizeOf(a))[0];
};
