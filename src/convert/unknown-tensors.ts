import type {LmConfig, MimiConfig} from './checkpoint-config.js';
import {ConvertError} from './convert-error.js';
import {quote, type Safetensors} from './safetensors.js';

const attention = String.raw`self_attn\.(in_proj_weight|in_proj\.weight|in_projs\.0\.weight|out_proj\.weight|out_projs\.0\.weight)`;

/**
 * Refuses a decoder with a tensor that our graph would leave out although the model computes with it: one more layer, a bias, an adapter. Other parts of
 * Kyutai's models (`depformer*`, `linears.*`, `condition_provider.*`) do nothing here and are left alone. Throws `ConvertError` naming the first one.
 */
export function refuseUnknownLmTensors(checkpoint: Safetensors, {num_layers: layers, n_q: codebooks}: LmConfig): void {
	refuse(checkpoint, /^(transformer|text_emb|emb|out_norm|text_linear)\./, [
		numbered('emb', codebooks, 'weight'),
		numbered('transformer.layers', layers, `${attention}|norm[12]\\.alpha|gating\\.linear_(in|out)\\.weight`),
		name => /^(text_emb\.weight|out_norm\.alpha|text_linear\.weight)$/.test(name),
	]);
}

/** The same for Mimi's encoder; its decoder and further codebooks are left alone. Throws `ConvertError` naming the first one. */
export function refuseUnknownMimiTensors(checkpoint: Safetensors, {ratios, transformer}: MimiConfig): void {
	refuse(checkpoint, /^(encoder|encoder_transformer|downsample)\./, [
		numbered(
			'encoder.model',
			3 * ratios.length + 3,
			String.raw`(block\.[13]\.)?conv\.conv\.(weight|weight_g|weight_v|bias)`,
		),
		numbered(
			'encoder_transformer.transformer.layers',
			transformer.num_layers,
			`${attention}|norm[12]\\.(weight|bias)|linear[12]\\.weight|layer_scale_[12]\\.scale`,
		),
		name => /^downsample\.conv\.conv\.conv\.weight(_[gv])?$/.test(name),
	]);
}

/** Whether a name is `<prefix>.<i>.<rest>` with i below `count` and a rest that `rests` matches. */
function numbered(prefix: string, count: number, rests: string): (name: string) => boolean {
	const pattern = new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.(\\d+)\\.(?:${rests})$`);
	return name => Number(pattern.exec(name)?.[1] ?? count) < count;
}

function refuse(checkpoint: Safetensors, ours: RegExp, known: ((name: string) => boolean)[]): void {
	for (const name of checkpoint.tensors.keys()) {
		if (!ours.test(name) || known.some(isKnown => isKnown(name))) continue;
		throw new ConvertError('unknown-tensor', `${checkpoint.label}: the tensor ${quote(name)} is not known here.`);
	}
}
