import {readFile} from 'node:fs/promises';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type {ModelManifest} from '../../src/engine/model-package.js';

/** One position's inputs: rows of the embedding table, and the features that are added. */
export type Position = {idx: number[]; features?: Float32Array};

/** What a call gave, row-major: `logits` [T, vocabulary], `vad` [T, heads, classes]. */
export type Rows = {logits: Float32Array; vad: Float32Array | undefined};

type Past = {position: number; rows: Float32Array[]};

const hidden = -1e30;

/**
 * Runs an `lm.onnx` as its contract says, in the plainest way: all past rows are kept and copied into the inputs of every call. Every row is committed.
 */
export class LmRunner {
	readonly #past: Past[] = [];
	#next = 0;

	private constructor(
		private readonly session: ort.InferenceSession,
		private readonly shape: ModelManifest['lm'],
	) {}

	/** Opens `lm.onnx` in `folder`. `shape` is what the conversion returned, or `model.json` says. */
	static async open(folder: string, shape?: ModelManifest['lm']): Promise<LmRunner> {
		const session = await ort.InferenceSession.create(path.join(folder, 'lm.onnx'), {intraOpNumThreads: 1});
		return new LmRunner(session, shape ?? JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')).lm);
	}

	get inputNames(): readonly string[] {
		return this.session.inputNames;
	}

	get outputNames(): readonly string[] {
		return this.session.outputNames;
	}

	/** Decodes the next T positions and keeps their keys and values. */
	async run(positions: readonly Position[]): Promise<Rows> {
		const outputs = await this.session.run(this.#feeds(positions));
		const T = positions.length;
		const {layers, heads, headDim} = this.shape;
		const names = Array.from({length: layers}, (_, l) => [`new_k${l}`, `new_v${l}`]).flat();
		for (let t = 0; t < T; t++) {
			const rows = names.map(name => {
				const data = outputs[name]!.data as Float32Array;
				return Float32Array.from({length: heads * headDim}, (_, i) => {
					return data[(Math.floor(i / headDim) * T + t) * headDim + (i % headDim)]!;
				});
			});
			this.#past.push({position: this.#next + t, rows});
		}
		this.#next += T;
		while (this.#past.length > this.shape.context - 1) this.#past.shift();
		return {logits: outputs.logits!.data as Float32Array, vad: outputs.vad?.data as Float32Array | undefined};
	}

	close(): Promise<void> {
		return this.session.release();
	}

	#feeds(positions: readonly Position[]): Record<string, ort.Tensor> {
		const {layers, heads, headDim, context, maxPeriod, codebooks, takesFeatures, dim} = this.shape;
		const T = positions.length;
		const R = context - 1;
		const half = headDim / 2;
		const float = (dims: number[], value: (i: number) => number) =>
			new ort.Tensor(
				'float32',
				Float32Array.from({length: dims.reduce((a, b) => a * b)}, (_, i) => value(i)),
				dims,
			);
		const angle = (i: number) => (this.#next + Math.floor(i / half)) * maxPeriod ** (-(i % half) / half);
		const feeds: Record<string, ort.Tensor> = {
			idx: new ort.Tensor(
				'int64',
				BigInt64Array.from(
					positions.flatMap(({idx}) => idx),
					BigInt,
				),
				[1, T, 1 + codebooks],
			),
			cos: float([T, half], i => Math.cos(angle(i))),
			sin: float([T, half], i => Math.sin(angle(i))),
			rope_idx: new ort.Tensor(
				'int64',
				BigInt64Array.from({length: T}, (_, t) => BigInt(t)),
				[1, T],
			),
			past_mask: float([T, R], i => this.#mask(this.#next + Math.floor(i / R), this.#past[i % R]?.position)),
			new_mask: float([T, T], i => this.#mask(this.#next + Math.floor(i / T), this.#next + (i % T))),
		};
		if (takesFeatures) {
			feeds.features = float([1, T, dim], i => positions[Math.floor(i / dim)]!.features?.[i % dim] ?? 0);
		}
		for (let layer = 0; layer < layers; layer++) {
			feeds[`past_k${layer}`] = float([1, heads, headDim, R], i => {
				const past = this.#past[i % R];
				return past ? past.rows[2 * layer]![Math.floor(i / R)]! : 0;
			});
			feeds[`past_v${layer}`] = float([1, heads, R, headDim], i => {
				const head = Math.floor(i / (R * headDim));
				const past = this.#past[Math.floor(i / headDim) % R];
				return past ? past.rows[2 * layer + 1]![head * headDim + (i % headDim)]! : 0;
			});
		}
		return feeds;
	}

	#mask(query: number, key: number | undefined): number {
		return key !== undefined && key <= query && query - key < this.shape.context ? 0 : hidden;
	}
}
