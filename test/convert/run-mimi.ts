import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type {MimiShape} from '../../src/convert/mimi-graph.js';

/** What a call gave, row-major, and the taps where the graph has them. */
export type MimiRows = {codes: number[]; seanet?: Float32Array; transformer?: Float32Array; latents?: Float32Array};

const hidden = -1e30;

/**
 * Runs a Mimi `frontend.onnx` as its contract says, in the plainest way: every past row is kept, the ring of every call is filled from the newest ones.
 */
export class MimiRunner {
	/** Per position its keys and values, by name and [heads · headDim]. */
	readonly #past: Record<string, Float32Array>[] = [];
	#states: Record<string, ort.Tensor>;

	private constructor(
		readonly session: ort.InferenceSession,
		private readonly shape: MimiShape,
	) {
		this.#states = Object.fromEntries(
			shape.frontend.states.map(({name, dims}) => [
				`state.${name}`,
				new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims),
			]),
		);
	}

	/** Opens `frontend.onnx` in `folder`; `shape` is what the conversion returned. */
	static async open(folder: string, shape: MimiShape): Promise<MimiRunner> {
		const session = await ort.InferenceSession.create(path.join(folder, 'frontend.onnx'), {intraOpNumThreads: 1});
		return new MimiRunner(session, shape);
	}

	/** Encodes the next whole frames. */
	async run(samples: Float32Array): Promise<MimiRows> {
		const {layers, heads, headDim} = this.shape.frontend.transformer;
		const T = (samples.length / this.shape.frameSamples) * this.shape.frontend.positionsPerFrame;
		const outputs = await this.session.run(this.#feeds(samples, T));
		for (let t = 0; t < T; t++) {
			const rows: Record<string, Float32Array> = {};
			for (const name of Array.from({length: layers}, (_, l) => [`k${l}`, `v${l}`]).flat()) {
				const data = outputs[`new_${name}`]!.data as Float32Array;
				rows[name] = Float32Array.from({length: heads * headDim}, (_, i) => {
					return data[(Math.floor(i / headDim) * T + t) * headDim + (i % headDim)]!;
				});
			}
			this.#past.push(rows);
		}
		this.#states = Object.fromEntries(
			Object.keys(this.#states).map(name => [name, outputs[name.replace('state.', 'next.')]!]),
		);
		const tap = (name: string) => outputs[name]?.data as Float32Array | undefined;
		return {
			codes: Array.from(outputs.codes!.data as BigInt64Array, Number),
			seanet: tap('seanet'),
			transformer: tap('transformer'),
			latents: tap('latents'),
		};
	}

	#feeds(samples: Float32Array, T: number): Record<string, ort.Tensor> {
		const {positionsPerFrame: block, transformer} = this.shape.frontend;
		const {layers, heads, headDim, context, maxPeriod} = transformer;
		const R = context - block;
		const half = headDim / 2;
		const next = this.#past.length;
		const float = (dims: number[], value: (i: number) => number) =>
			new ort.Tensor(
				'float32',
				Float32Array.from({length: dims.reduce((a, b) => a * b)}, (_, i) => value(i)),
				dims,
			);
		const angle = (i: number) => (next + Math.floor(i / half)) * maxPeriod ** (-(i % half) / half);
		/** Position in slot `s`: the newest R positions, the oldest first. */
		const inSlot = (s: number) => next - R + s;
		const mask = (query: number, key: number) => {
			const frameStart = query - (query % block);
			return key >= 0 && key <= query && key >= frameStart - R ? 0 : hidden;
		};
		const feeds: Record<string, ort.Tensor> = {
			...this.#states,
			pcm: new ort.Tensor('float32', samples, [1, samples.length]),
			is_first: new ort.Tensor('bool', Uint8Array.of(next === 0 ? 1 : 0), []),
			cos: float([T, half], i => Math.cos(angle(i))),
			sin: float([T, half], i => Math.sin(angle(i))),
			rope_idx: new ort.Tensor(
				'int64',
				BigInt64Array.from({length: T}, (_, t) => BigInt(t)),
				[1, T],
			),
			past_mask: float([T, R], i => mask(next + Math.floor(i / R), inSlot(i % R))),
			new_mask: float([T, T], i => mask(next + Math.floor(i / T), next + (i % T))),
		};
		for (let layer = 0; layer < layers; layer++) {
			feeds[`past_k${layer}`] = float([1, heads, headDim, R], i => {
				return this.#past[inSlot(i % R)]?.[`k${layer}`]?.[Math.floor(i / R)] ?? 0;
			});
			feeds[`past_v${layer}`] = float([1, heads, R, headDim], i => {
				const head = Math.floor(i / (R * headDim));
				return this.#past[inSlot(Math.floor(i / headDim) % R)]?.[`v${layer}`]?.[head * headDim + (i % headDim)] ?? 0;
			});
		}
		return feeds;
	}
}
