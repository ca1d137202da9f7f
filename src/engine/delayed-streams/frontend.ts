import path from 'node:path';
import type {ModelManifest} from '../model-package.js';
import {floats, floatTensor, type Graph, openGraph, type Tensor} from '../onnx.js';

/** The streaming state of one frontend: tensors by name, as `state.<name>` goes in. */
export type FrontendState = Record<string, Tensor>;

/** The graph that turns PCM frames into feature rows: weights, loaded once and shared by every stream. */
export class Frontend {
	private constructor(
		private readonly graph: Graph,
		private readonly manifest: ModelManifest,
	) {}

	/** Opens `frontend.onnx` of the package at `modelDir`. Throws `EngineError`. */
	static async load(modelDir: string, manifest: ModelManifest, threads: number): Promise<Frontend> {
		const inputs: Record<string, readonly (number | undefined)[]> = {pcm: [1, undefined]};
		const outputs = ['features'];
		for (const {name, dims} of manifest.frontend.states) {
			inputs[`state.${name}`] = dims;
			outputs.push(`next.${name}`);
		}
		const graph = await openGraph(path.join(modelDir, 'frontend.onnx'), {inputs, outputs}, {threads});
		return new Frontend(graph, manifest);
	}

	/** State before the first sample: zeros. */
	createState(): FrontendState {
		return Object.fromEntries(
			this.manifest.frontend.states.map(({name, dims}) => {
				const size = dims.reduce((product, dim) => product * dim, 1);
				return [name, floatTensor(new Float32Array(size), dims)];
			}),
		);
	}

	/**
	 * Features of whole frames: `samples` [F · frameSamples] in [-1, 1] → F rows of [dim], each its own view, and the state for the next frames.
	 * The number of frames per call changes nothing but floating-point noise.
	 */
	async run(samples: Float32Array, state: FrontendState): Promise<{features: Float32Array[]; state: FrontendState}> {
		const feeds: Record<string, Tensor> = {pcm: floatTensor(samples, [1, samples.length])};
		for (const [name, tensor] of Object.entries(state)) feeds[`state.${name}`] = tensor;
		const outputs = await this.graph.run(feeds);

		const {dim} = this.manifest.lm;
		const all = floats(outputs.features!);
		const features = Array.from({length: samples.length / this.manifest.frameSamples}, (_, f) =>
			all.subarray(f * dim, (f + 1) * dim),
		);
		const next = Object.fromEntries(Object.keys(state).map(name => [name, outputs[`next.${name}`]!]));
		return {features, state: next};
	}

	/** Releases the weights. */
	close(): Promise<void> {
		return this.graph.close();
	}
}
