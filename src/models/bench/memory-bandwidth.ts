import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {GraphBuilder} from '../../convert/onnx/graph-builder.js';
import {WeightsFile} from '../../convert/onnx/weights-file.js';
import {floatTensor, type Graph, openGraph} from '../../engine/onnx.js';

/** Rows that the threads share; each is read from its first number to its last. */
const rows = 16;

/** Several times the largest cache of most machines, and no burden to a small one. */
const defaultBytes = () => Math.min(256e6, (process.constrainedMemory() || Infinity) / 8, os.freemem() / 4);

/** How fast `threads` threads of ONNX Runtime read memory that is not in a cache: what a step of a large model is bound by. */
export class MemoryBandwidth {
	private constructor(
		private readonly graph: Graph,
		private readonly numbers: Float32Array,
	) {}

	/** Holds `bytes` of memory, which should be many times the processor's caches, until it is closed. */
	static async open(threads: number, bytes = defaultBytes()): Promise<MemoryBandwidth> {
		const columns = Math.floor(bytes / 4 / rows);
		const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-bandwidth-'));
		try {
			const weights = await WeightsFile.create(path.join(folder, 'none.weights'));
			const builder = new GraphBuilder('bandwidth', weights);
			const numbers = builder.input('numbers', 'float', [rows, columns]);
			builder.node('ReduceMax', [numbers, builder.int64s([1])], {attributes: {keepdims: 0}, outputs: ['largest']});
			builder.output('largest', 'float', [rows]);
			await weights.finish();
			const file = path.join(folder, 'bandwidth.onnx');
			await builder.write(file);
			const graph = await openGraph(file, {inputs: {numbers: [rows, columns]}, outputs: ['largest']}, {threads});
			// Written, because pages that never were are all the same one, which stays in the cache.
			return new MemoryBandwidth(graph, new Float32Array(rows * columns).fill(1));
		} finally {
			await rm(folder, {recursive: true});
		}
	}

	/** Reads it all, again and again until at least `bytes` were read: measured over as long a time as what it is compared with, both meet what else the machine does. Returns bytes a second. */
	async measure(bytes = 0): Promise<number> {
		const numbers = floatTensor(this.numbers, [rows, this.numbers.length / rows]);
		const start = performance.now();
		let read = 0;
		do {
			await this.graph.run({numbers});
			read += this.numbers.byteLength;
		} while (read < bytes);
		return read / ((performance.now() - start) / 1000);
	}

	/** Gives the memory back. */
	close(): Promise<void> {
		return this.graph.close();
	}
}
