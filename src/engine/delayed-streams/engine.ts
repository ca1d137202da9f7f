import {readFile} from 'node:fs/promises';
import path from 'node:path';
import type {Engine, EngineLoadOptions, EngineStream, StreamEvent} from '../engine.js';
import type {ModelManifest} from '../model-package.js';
import {readPieces} from '../tokenizer.js';
import {createStartTemplate, type DecodedPosition} from './decode-loop.js';
import {DelayedStream, type Weights} from './delayed-stream.js';
import {Frontend} from './frontend.js';
import {LanguageModel} from './language-model.js';

/** An engine whose streams also show every position as it is accepted: token, logits and VAD. */
export type DelayedStreamsEngine = Omit<Engine, 'createStream'> & {
	createStream(emit: (event: StreamEvent) => void, onPosition?: (decoded: DecodedPosition) => void): EngineStream;
};

/**
 * The delayed-streams engine (Kyutai STT and its small relatives): PCM frames → frontend → decoder → words → captions. The graphs are those of the checked prepared copy
 * in `preparedDir`, where that is given. Throws `EngineError`.
 */
export async function loadDelayedStreamsEngine(
	modelDir: string,
	manifest: ModelManifest,
	options: EngineLoadOptions,
	preparedDir?: string,
): Promise<DelayedStreamsEngine> {
	const weights = await loadWeights(modelDir, manifest, options, preparedDir);
	return {
		sampleRate: manifest.sampleRate,
		frameSamples: manifest.frameSamples,
		delayMs: manifest.delayMs,
		createStream: (emit, onPosition) => new DelayedStream(weights, emit, onPosition),
		async close() {
			await weights.frontend.close();
			await weights.lm.graph.close();
		},
	};
}

/** Opens the graphs as `loadDelayedStreamsEngine` does and runs position 0. Throws `EngineError`. */
export async function loadWeights(
	modelDir: string,
	manifest: ModelManifest,
	{threads, framesPerCall}: EngineLoadOptions,
	preparedDir?: string,
): Promise<Weights & {lm: LanguageModel}> {
	const pieces = readPieces(await readFile(path.join(modelDir, manifest.tokenizer)));
	const [graphs, isPrepared] = [preparedDir ?? modelDir, preparedDir !== undefined];
	const frontend = await Frontend.load(graphs, manifest, threads, isPrepared);
	const lm = await LanguageModel.load(graphs, manifest, threads, isPrepared);
	const template = await createStartTemplate(lm);
	return {manifest, frontend, lm, template, pieces, framesPerCall};
}
