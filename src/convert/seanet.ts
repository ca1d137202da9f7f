import {rowBlocks} from './matrix.js';
import type {ConvTensors, MimiTensors} from './mimi-tensors.js';
import {bytesOf, type GraphBuilder} from './onnx/graph-builder.js';
import type {Safetensors} from './safetensors.js';
import type {StreamingStates} from './streaming-states.js';

/** Where a convolution goes, where its tail goes, and where its weights come from. */
export type ConvParts = {graph: GraphBuilder; states: StreamingStates; checkpoint: Safetensors};

/**
 * Adds SEANet's encoder [1, 1, nSamples] → [1, dimension, T] and returns its output (moshi `rust/moshi-core/src/seanet.rs`; specs: kyutai-stt §4.6):
 * a convolution, per stage a residual branch and a strided convolution, and a last one, with an ELU before each but the first.
 */
export async function addSeanet(
	parts: ConvParts,
	{first, stages, last}: Pick<MimiTensors, 'first' | 'stages' | 'last'>,
	pcm: string,
): Promise<string> {
	const {graph} = parts;
	const elu = (x: string) => graph.node('Elu', [x]);
	let x = await addConv(parts, 'first', first, pcm);
	for (const [i, stage] of stages.entries()) {
		const wide = await addConv(parts, `residual${i}`, stage.residual, elu(x));
		const narrow = await addConv(parts, `pointwise${i}`, stage.pointwise, elu(wide));
		const sum = graph.node('Add', [x, narrow]);
		x = await addConv(parts, `down${i}`, stage.down, elu(sum));
	}
	return addConv(parts, 'last', last, elu(x));
}

/**
 * Adds a causal convolution over [1, in, n] and returns [1, out, n / stride]: in front of its input go the last kernel − stride columns of the call before,
 * as the state `name`, or what `use` makes of them. Nothing is padded on the right, since n is a multiple of the stride.
 */
export async function addConv(
	{graph, states, checkpoint}: ConvParts,
	name: string,
	{weight, bias, inChannels, outChannels, kernel, stride}: ConvTensors,
	x: string,
	use?: (state: string) => string,
): Promise<string> {
	async function* pieces() {
		for await (const {floats} of rowBlocks(weight)) yield bytesOf(floats);
	}
	const inputs = [await graph.tensor(`${name}.weight`, 'float', [outChannels, inChannels, kernel], pieces())];
	if (bias) inputs.push(graph.floats(await checkpoint.readFloats(bias), [outChannels]));
	const context = kernel - stride;
	const input = context === 0 ? x : states.prepend(name, [1, inChannels], context, x, use);
	return graph.node('Conv', [input, ...inputs], {attributes: {kernel_shape: [kernel], strides: [stride]}});
}
