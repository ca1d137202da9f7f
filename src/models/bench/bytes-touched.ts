import type {ModelManifest} from '../../engine/model-package.js';

/** What one call reads from memory, in bytes. */
export type BytesTouched = {
	/** Weights of the decoder, all of them but the embedding tables, once a call whatever T. */
	lmWeights: number;
	/** Keys and values of a full window. */
	keysAndValues: number;
	/** Rows of the embedding tables, a frame. */
	embeddingRows: number;
	/** The whole frontend, once a call. */
	frontendWeights: number;
};

/** What the calls of a package read. */
export function bytesTouched({lm, tokens, quantisation, files, frontend}: ModelManifest): BytesTouched {
	const size = (name: string) => files.find(file => file.name === name)?.size ?? 0;
	const elementBytes = quantisation === 'fp32' ? 4 : 2;
	const rowBytes = lm.dim * elementBytes;
	const tableRows = tokens.start + 1 + lm.codebooks * lm.codebookRows;
	const ring = (layers: number, heads: number, headDim: number, slots: number) =>
		2 * 4 * layers * heads * headDim * slots;
	const past =
		frontend.type === 'mimi'
			? ring(
					frontend.transformer.layers,
					frontend.transformer.heads,
					frontend.transformer.headDim,
					frontend.transformer.context - frontend.positionsPerFrame,
				)
			: 0;
	return {
		lmWeights: size('lm.weights') + size('lm.onnx') - tableRows * rowBytes,
		keysAndValues: ring(lm.layers, lm.heads, lm.headDim, lm.context - 1),
		embeddingRows: (1 + lm.codebooks) * rowBytes,
		frontendWeights: size('frontend.weights') + size('frontend.onnx') + past,
	};
}
