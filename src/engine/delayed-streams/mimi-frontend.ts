import path from 'node:path';
import type {ModelManifest} from '../model-package.js';
import {boolTensor, floatTensor, type Graph, int64s, openGraph} from '../onnx.js';
import {AttentionInputs, type AttentionShape, attentionInputDims} from './attention-inputs.js';
import type {Frontend, FrontendRows} from './frontend.js';
import {type FrontendStates, nextStates, stateInputs, statesContract, zeroStates} from './frontend-states.js';
import {KvRing, newRowsOf, ringContract} from './kv-ring.js';

type MimiManifest = ModelManifest & {frontend: {type: 'mimi'}};

/** Tails of the convolutions, the transformer's past, and its next position, from 0; `positionsPerFrame` of them are one frame. */
export type MimiState = {tails: FrontendStates; ring: KvRing; position: number};

/** Mimi's encoder: codes of each frame, as kyutai-labs/moshi encodes frame by frame (`convert/mimi-graph.ts`; specs: kyutai-stt §5.1). */
export class MimiFrontend implements Frontend<MimiState> {
	readonly #attention: AttentionShape;
	/** By positions a call. */
	readonly #inputs = new Map<number, AttentionInputs>();

	private constructor(
		private readonly graph: Graph,
		private readonly manifest: MimiManifest,
	) {
		this.#attention = attentionShape(manifest);
	}

	/** Opens `frontend.onnx` in `folder`, the package's own or its prepared copy's. Throws `EngineError`. */
	static async load(
		folder: string,
		manifest: MimiManifest,
		threads: number,
		isPrepared: boolean,
	): Promise<MimiFrontend> {
		const attention = attentionShape(manifest);
		const states = statesContract(manifest.frontend.states);
		const ring = ringContract(attention);
		const contract = {
			inputs: {
				pcm: [1, undefined],
				is_first: [],
				...attentionInputDims(attention),
				...states.inputs,
				...ring.inputs,
			},
			outputs: ['codes', ...states.outputs, ...ring.outputs],
		};
		const graph = await openGraph(path.join(folder, 'frontend.onnx'), contract, {threads, isPrepared});
		return new MimiFrontend(graph, manifest);
	}

	createState(): MimiState {
		return {tails: zeroStates(this.manifest.frontend.states), ring: new KvRing(this.#attention), position: 0};
	}

	/** The ring of `state` is written in place: copying it would cost more than the call. */
	async run(samples: Float32Array, state: MimiState): Promise<FrontendRows & {state: MimiState}> {
		const {frameSamples, frontend, lm} = this.manifest;
		const {tails, ring, position} = state;
		const frames = samples.length / frameSamples;
		const T = frames * frontend.positionsPerFrame;
		const attention = this.#inputsFor(T);
		attention.write(position, ring);
		const outputs = await this.graph.run({
			pcm: floatTensor(samples, [1, samples.length]),
			is_first: boolTensor(Uint8Array.of(position === 0 ? 1 : 0), []),
			...attention.tensors,
			...stateInputs(tails),
			...ring.tensors,
		});
		ring.commit(newRowsOf(outputs, frontend.transformer.layers), T, T, position);

		const all = Int32Array.from(int64s(outputs.codes!), Number);
		const codes = Array.from({length: frames}, (_, f) => all.subarray(f * lm.codebooks, (f + 1) * lm.codebooks));
		return {features: [], codes, state: {tails: nextStates(tails, outputs), ring, position: position + T}};
	}

	keep({ring, position}: MimiState, frames: number): () => void {
		const slots = ring.save(position, frames * this.manifest.frontend.positionsPerFrame);
		return () => ring.restore(slots);
	}

	close(): Promise<void> {
		return this.graph.close();
	}

	#inputsFor(T: number): AttentionInputs {
		let inputs = this.#inputs.get(T);
		if (!inputs) {
			inputs = new AttentionInputs(this.#attention, T);
			this.#inputs.set(T, inputs);
		}
		return inputs;
	}
}

const attentionShape = ({frontend: {transformer, positionsPerFrame}}: MimiManifest): AttentionShape => ({
	...transformer,
	block: positionsPerFrame,
});
