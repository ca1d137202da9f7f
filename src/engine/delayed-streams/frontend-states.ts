import type {ModelManifest} from '../model-package.js';
import {floatTensor, type Tensor} from '../onnx.js';

type Declared = ModelManifest['frontend']['states'];

/** Tails of signals by name, that one call of a frontend hands the next. */
export type FrontendStates = Record<string, Tensor>;

/** The states before the first sample: zeros. */
export const zeroStates = (declared: Declared): FrontendStates =>
	Object.fromEntries(
		declared.map(({name, dims}) => {
			const size = dims.reduce((product, dim) => product * dim, 1);
			return [name, floatTensor(new Float32Array(size), dims)];
		}),
	);

/** Inputs, with their dimensions, and outputs that the states have in a graph. */
export const statesContract = (declared: Declared): {inputs: Record<string, readonly number[]>; outputs: string[]} => ({
	inputs: Object.fromEntries(declared.map(({name, dims}) => [`state.${name}`, dims])),
	outputs: declared.map(({name}) => `next.${name}`),
});

/** `states` as inputs of a graph. */
export const stateInputs = (states: FrontendStates): Record<string, Tensor> =>
	Object.fromEntries(Object.entries(states).map(([name, tensor]) => [`state.${name}`, tensor]));

/** The states that follow `states`, out of a graph's outputs. */
export const nextStates = (states: FrontendStates, outputs: Record<string, Tensor>): FrontendStates =>
	Object.fromEntries(Object.keys(states).map(name => [name, outputs[`next.${name}`]!]));
