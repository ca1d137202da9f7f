import type {ModelManifest} from '../engine/model-package.js';

/** `about 7 of 10 words wrong for a new speaker`, as it was measured; undefined where it was not. */
export function accuracyText({accuracy}: ModelManifest): string | undefined {
	const heard = accuracy.filter(source => source.isNewSpeaker);
	const words = heard.reduce((sum, source) => sum + source.words, 0);
	const wrong = heard.reduce((sum, source) => sum + source.wrong, 0);
	return words > 0 ? `about ${Math.round((10 * wrong) / words)} of 10 words wrong for a new speaker` : undefined;
}
