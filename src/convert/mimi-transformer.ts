import type {MimiConfig} from './checkpoint-config.js';
import {addLinear} from './linear.js';
import {withRowFactors} from './matrix.js';
import type {MimiLayerTensors} from './mimi-tensors.js';
import type {GraphBuilder} from './onnx/graph-builder.js';
import {addRotation} from './rotation.js';
import type {Safetensors} from './safetensors.js';
import {addSelfAttention} from './self-attention.js';
import {type AttentionShape, splitAttention} from './split-attention.js';

type Parts = {graph: GraphBuilder; checkpoint: Safetensors; config: MimiConfig};

/** What torch's LayerNorm adds to the variance. */
const layerNormEps = 1e-5;

/** What Mimi's attention is like: the positions of one frame see one window, because the official code takes a frame a call (specs: kyutai-stt §4.7). */
export const mimiAttentionShape = ({dimension, transformer, downsample_stride}: MimiConfig): AttentionShape => ({
	dim: dimension,
	num_heads: transformer.num_heads,
	context: transformer.context,
	block: downsample_stride,
});

/**
 * Adds the encoder's transformer over [1, T, dimension] and returns its output, of the same shape (moshi `moshi/moshi/modules/transformer.py`; specs: kyutai-stt §4.7):
 * x += scale₁ ⊙ attention(norm₁(x)); x += scale₂ ⊙ linear₂(gelu(linear₁(norm₂(x)))). There is no norm at the end.
 */
export async function addMimiTransformer(
	parts: Parts,
	layers: readonly MimiLayerTensors[],
	input: string,
): Promise<string> {
	const {graph, checkpoint, config} = parts;
	const shape = mimiAttentionShape(config);
	const shared = {rotate: addRotation(graph, shape), attend: splitAttention(graph, shape)};
	let x = input;
	for (const [i, layer] of layers.entries()) {
		// The scales multiply outputs of linear layers, so they become part of those.
		const outProj = withRowFactors(layer.outProj, await checkpoint.readFloats(layer.scale1));
		const attention = {layer: i, shape, input: await addNorm(parts, layer.norm1, x), inProj: layer.inProj, outProj};
		x = graph.node('Add', [x, await addSelfAttention(graph, 'fp32', attention, shared)]);

		const wide = await addLinear(graph, 'fp32', {
			name: `layers.${i}.linear1`,
			input: await addNorm(parts, layer.norm2, x),
			weights: layer.linear1,
		});
		const narrow = await addLinear(graph, 'fp32', {
			name: `layers.${i}.linear2`,
			input: graph.node('Gelu', [wide]),
			weights: withRowFactors(layer.linear2, await checkpoint.readFloats(layer.scale2)),
		});
		x = graph.node('Add', [x, narrow]);
	}
	return x;
}

async function addNorm(
	{graph, checkpoint, config}: Parts,
	{weight, bias}: MimiLayerTensors['norm1'],
	x: string,
): Promise<string> {
	const vector = async (name: string) => graph.floats(await checkpoint.readFloats(name), [config.dimension]);
	return graph.node('LayerNormalization', [x, await vector(weight), await vector(bias)], {
		attributes: {axis: -1, epsilon: {float: layerNormEps}},
	});
}
