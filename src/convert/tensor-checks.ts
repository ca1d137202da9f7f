import {ConvertError} from './convert-error.js';
import type {Safetensors} from './safetensors.js';

const floatDtypes = ['BF16', 'F16', 'F32'];

/** Checks that `checkpoint` has a float tensor `name` of shape `shape`. Throws `ConvertError`. */
export function checkFloats(checkpoint: Safetensors, name: string, shape: readonly number[]): void {
	const tensor = checkpoint.get(name);
	if (!floatDtypes.includes(tensor.dtype)) {
		throw new ConvertError(
			'wrong-dtype',
			`${checkpoint.label}: the tensor ${name} should be BF16, F16 or F32 and is ${tensor.dtype}.`,
		);
	}
	if (tensor.shape.join() !== shape.join()) {
		throw new ConvertError(
			'wrong-shape',
			`${checkpoint.label}: the tensor ${name} should be [${shape}] and is [${tensor.shape}].`,
		);
	}
}

/** The first of `aliases` that `checkpoint` has; the first of all where it has none, to be missed by the name that is usual. */
export const findAlias = (checkpoint: Safetensors, aliases: readonly string[]): string =>
	aliases.find(alias => checkpoint.tensors.has(alias)) ?? aliases[0]!;
