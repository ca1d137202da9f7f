import '../system/no-telemetry.js';
import * as ort from 'onnxruntime-node';
import {EngineError} from './protocol.js';

/** A tensor of ONNX Runtime. An input's typed array is used in place, so it may be filled anew between two runs. */
export type Tensor = ort.Tensor;

/** Version of ONNX Runtime, as in `prepared/<ort-version>-<cpu>`. */
export const onnxRuntimeVersion: string = ort.env.versions.node ?? ort.env.versions.common;

/** What a graph must look like to be ours: every input with its dimensions, `undefined` where they vary, and the outputs. */
export type GraphContract = {
	inputs: Record<string, readonly (number | undefined)[]>;
	outputs: readonly string[];
};

/** An opened graph. */
export type Graph = {
	/** Runs the graph once and returns the named outputs. Blocks its thread: only for worker threads. Throws `EngineError`. */
	run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
	/** Releases the weights. */
	close(): Promise<void>;
};

/** `threads`: for one call. `isPrepared`: the graph was optimised already, for this machine, and is run as it stands. */
export type GraphOptions = {threads: number; isPrepared?: boolean};

/**
 * Opens the graph at `file` and checks it against `contract`, so that a wrong graph fails here and not at step 400.
 * Throws `EngineError` with what was expected and what came.
 */
export async function openGraph(
	file: string,
	contract: GraphContract,
	{threads, isPrepared = false}: GraphOptions,
): Promise<Graph> {
	const session = await createSession(file, {...sessionOptions(threads), ...(isPrepared ? asItStands : {})});
	checkContract(file, session, contract);
	const outputs = [...contract.outputs];
	return {
		async run(feeds) {
			try {
				return await session.run(feeds, outputs);
			} catch (error) {
				throw new EngineError('failed', `The model stopped in ${file}: ${firstLine(error)}`, {cause: error});
			}
		},
		close: () => session.release(),
	};
}

/**
 * Writes the graph at `file` as ONNX Runtime has optimised it for this machine into `target`, and its weights, the packed ones too, into `weightsName` beside it. A session that
 * opens it maps the packed weights instead of making them anew in memory. Holds them all in memory for this once. Throws `EngineError`.
 */
export async function saveOptimisedGraph(file: string, target: string, weightsName: string): Promise<void> {
	const session = await createSession(file, {
		...sessionOptions(1),
		optimizedModelFilePath: target,
		extra: {
			session: {
				...sessionOptions(1).extra.session,
				save_external_prepacked_constant_initializers: '1',
				optimized_model_external_initializers_file_name: weightsName,
				optimized_model_external_initializers_min_size_in_bytes: '4096',
			},
		},
	});
	await session.release();
}

const sessionOptions = (threads: number) =>
	({
		intraOpNumThreads: threads,
		interOpNumThreads: 1,
		executionMode: 'sequential',
		graphOptimizationLevel: 'all',
		logSeverityLevel: 3,
		// Idle threads that spin burn 8–15 ms of CPU in every small call.
		extra: {session: {intra_op: {allow_spinning: '0'}}},
	}) as const;

const asItStands = {graphOptimizationLevel: 'disabled'} as const;

async function createSession(
	file: string,
	options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
	try {
		return await ort.InferenceSession.create(file, options);
	} catch (error) {
		throw new EngineError('bad-package', `ONNX Runtime refuses ${file}: ${firstLine(error)}`, {cause: error});
	}
}

/** A float tensor over `data`, which stays the caller's and may be refilled between runs. */
export const floatTensor = (data: Float32Array, dims: readonly number[]): Tensor =>
	new ort.Tensor('float32', data, dims);

/** An int64 tensor over `data`, which stays the caller's and may be refilled between runs. */
export const int64Tensor = (data: BigInt64Array, dims: readonly number[]): Tensor =>
	new ort.Tensor('int64', data, dims);

/** A bool tensor over `data` (0 or 1), which stays the caller's and may be refilled between runs. */
export const boolTensor = (data: Uint8Array, dims: readonly number[]): Tensor => new ort.Tensor('bool', data, dims);

/** The floats of an output. */
export const floats = (tensor: Tensor): Float32Array => tensor.data as Float32Array;

/** The integers of an int64 output. */
export const int64s = (tensor: Tensor): BigInt64Array => tensor.data as BigInt64Array;

function checkContract(file: string, session: ort.InferenceSession, contract: GraphContract): void {
	const expected = Object.keys(contract.inputs).sort();
	const found = [...session.inputNames].sort();
	if (expected.join() !== found.join()) {
		throw new EngineError('bad-package', `${file} should take ${summary(expected)} and takes ${summary(found)}.`);
	}
	for (const input of session.inputMetadata) {
		if (!input.isTensor) continue;
		const dims = contract.inputs[input.name]!;
		const fits =
			input.shape.length === dims.length &&
			dims.every((dim, i) => dim === undefined || typeof input.shape[i] !== 'number' || input.shape[i] === dim);
		if (!fits) {
			throw new EngineError(
				'bad-package',
				`${file}: input ${input.name} should be [${dims.map(dim => dim ?? 'any')}] and is [${input.shape}].`,
			);
		}
	}
	const missing = contract.outputs.filter(name => !session.outputNames.includes(name));
	if (missing.length > 0) throw new EngineError('bad-package', `${file} lacks the output ${missing[0]}.`);
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

const summary = (names: readonly string[]) =>
	names.length > 12 ? `${names.slice(0, 12).join(', ')} … (${names.length} inputs)` : names.join(', ');
