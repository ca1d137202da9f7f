import {canCarryLive, readBenchFigures} from './bench-figures.js';
import {type FoundModel, listModels, type ModelFolders, modelFolders} from './model-store.js';

/** An installed model, and whether it was measured to keep up on this machine. */
export type RatedModel = FoundModel & {
	/** Real-time factor at the default latency, undefined where nobody measured it. */
	rtf: number | undefined;
	/** Whether it may caption while people speak without being asked for; the embedded one always may. */
	isLive: boolean;
};

/** Every model that can be read, with what was measured for it. */
export async function ratedModels(folders: ModelFolders = modelFolders): Promise<RatedModel[]> {
	const models = (await listModels(folders)).filter(model => 'manifest' in model);
	return Promise.all(
		models.map(async model => {
			const figures = await readBenchFigures(model.dir).catch(() => undefined);
			return {...model, rtf: figures?.rtf.balanced, isLive: model.isEmbedded || canCarryLive(figures)};
		}),
	);
}

/**
 * The model for live captions where the user names none: the largest that was measured to keep up on this machine, else the embedded one. Others are for captioning again,
 * afterwards. Undefined where not even that is here.
 */
export async function liveDefault(folders: ModelFolders = modelFolders): Promise<RatedModel | undefined> {
	const [best] = (await ratedModels(folders)).filter(({isLive}) => isLive).sort((a, b) => sizeOf(b) - sizeOf(a));
	return best;
}

/** Weights of a decoder's layers, about: more of them understand better. */
const sizeOf = ({manifest: {lm}}: FoundModel) => lm.layers * lm.dim ** 2;
