import path from 'node:path';
import type {ModelManifest} from '../model-package.js';
import {floats, floatTensor, type Graph, openGraph} from '../onnx.js';
import type {Frontend, FrontendRows} from './frontend.js';
import {type FrontendStates, nextStates, stateInputs, statesContract, zeroStates} from './frontend-states.js';

type LogMelManifest = ModelManifest & {frontend: {type: 'log-mel'}};

/** The embedded model's frontend: log-mel and convolutions, one row of features a frame (`convert/log-mel-graph.ts`). */
export class LogMelFrontend implements Frontend<FrontendStates> {
	private constructor(
		private readonly graph: Graph,
		private readonly manifest: LogMelManifest,
	) {}

	/** Opens `frontend.onnx` in `folder`, the package's own or its prepared copy's. Throws `EngineError`. */
	static async load(
		folder: string,
		manifest: LogMelManifest,
		threads: number,
		isPrepared: boolean,
	): Promise<LogMelFrontend> {
		const states = statesContract(manifest.frontend.states);
		const contract = {inputs: {pcm: [1, undefined], ...states.inputs}, outputs: ['features', ...states.outputs]};
		const graph = await openGraph(path.join(folder, 'frontend.onnx'), contract, {threads, isPrepared});
		return new LogMelFrontend(graph, manifest);
	}

	createState(): FrontendStates {
		return zeroStates(this.manifest.frontend.states);
	}

	async run(samples: Float32Array, state: FrontendStates): Promise<FrontendRows & {state: FrontendStates}> {
		const outputs = await this.graph.run({pcm: floatTensor(samples, [1, samples.length]), ...stateInputs(state)});
		const {dim} = this.manifest.lm;
		const all = floats(outputs.features!);
		const features = Array.from({length: samples.length / this.manifest.frameSamples}, (_, f) =>
			all.subarray(f * dim, (f + 1) * dim),
		);
		return {features, codes: [], state: nextStates(state, outputs)};
	}

	/** A run writes into no state, so there is nothing to put back. */
	keep(): () => void {
		return () => {};
	}

	close(): Promise<void> {
		return this.graph.close();
	}
}
