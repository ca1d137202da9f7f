import os from 'node:os';
import {Worker} from 'node:worker_threads';
import {type Matrix, rowBlocks} from './matrix.js';
import {quantiseRows4, quantiseRows8, type Rows4, type Rows8} from './quantise.js';

/** Schemes in which rows are quantised. */
export type QuantisedScheme = '4-bit' | '8-bit';

/** To a worker; it answers with the rows. The floats are moved. */
export type QuantiseRequest = {scheme: QuantisedScheme; floats: Float32Array<ArrayBuffer>; columns: number};

/** Quantised rows, the first of them row `from`. */
export type QuantisedBlock = {from: number; count: number} & (Rows4 | Rows8);

/** Quantises rows, on several cores where there are some. */
export type Quantiser = {
	/** The rows of `matrix`, quantised, from the first to the last. */
	blocks(matrix: Matrix, scheme: QuantisedScheme): AsyncGenerator<QuantisedBlock>;
	/** Ends the threads. */
	close(): Promise<void>;
};

/** Starting a thread costs more than quantising so many floats. */
const worthThreads = 1 << 18;
/** More than these would wait for the disk. */
const maxThreads = 4;

/** Quantises in the caller's thread. */
export const ownThread: Quantiser = {
	async *blocks(matrix, scheme) {
		for await (const {from, count, floats} of rowBlocks(matrix)) {
			yield {from, count, ...quantise(scheme, floats, matrix.columns)};
		}
	},
	async close() {},
};

/** A quantiser with a thread for each core, which start when the first large matrix comes. What is in flight is two blocks a thread: 8 MB. */
export function createQuantiser(threads: number = Math.min(maxThreads, os.availableParallelism())): Quantiser {
	let workers: QuantiseThread[] | undefined;
	return {
		async *blocks(matrix, scheme) {
			if (matrix.rows * matrix.columns < worthThreads) {
				yield* ownThread.blocks(matrix, scheme);
				return;
			}
			workers ??= Array.from({length: threads}, () => new QuantiseThread());
			const waiting: Promise<QuantisedBlock>[] = [];
			let next = 0;
			for await (const {from, count, floats} of rowBlocks(matrix)) {
				const worker = workers[next++ % threads]!;
				const quantised = worker.quantise({scheme, floats, columns: matrix.columns});
				const block = quantised.then(rows => ({from, count, ...rows}));
				// It is awaited below; where reading fails before, nobody does.
				block.catch(() => {});
				waiting.push(block);
				if (waiting.length >= 2 * threads) yield await waiting.shift()!;
			}
			for (const block of waiting) yield await block;
		},
		async close() {
			await Promise.all((workers ?? []).map(worker => worker.close()));
			workers = undefined;
		},
	};
}

function quantise(scheme: QuantisedScheme, floats: Float32Array, columns: number): Rows4 | Rows8 {
	return scheme === '4-bit' ? quantiseRows4(floats, columns) : quantiseRows8(floats, columns);
}

type Answer = {resolve: (rows: Rows4 | Rows8) => void; reject: (error: Error) => void};

class QuantiseThread {
	readonly #worker = new Worker(new URL('./quantise-worker.js', import.meta.url));
	readonly #asked: Answer[] = [];

	constructor() {
		this.#worker.on('message', (rows: Rows4 | Rows8) => this.#asked.shift()!.resolve(rows));
		const fail = (error: Error) => {
			for (const {reject} of this.#asked.splice(0)) reject(error);
		};
		this.#worker.on('error', fail);
		this.#worker.on('exit', () => fail(new Error('A quantising thread ended before its work was done.')));
	}

	quantise(request: QuantiseRequest): Promise<Rows4 | Rows8> {
		return new Promise((resolve, reject) => {
			this.#asked.push({resolve, reject});
			this.#worker.postMessage(request, [request.floats.buffer]);
		});
	}

	async close(): Promise<void> {
		await this.#worker.terminate();
	}
}
