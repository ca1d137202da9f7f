import type {KvRing} from '../../engine/delayed-streams/kv-ring.js';
import type {LanguageModel} from '../../engine/delayed-streams/language-model.js';

/**
 * A ring as it is from the end of the first window on, and the next position: every slot taken. Every number is written, because pages of memory that never
 * were are all the same one, which stays in the cache and costs nothing to read.
 */
export function fullRing(lm: LanguageModel): {ring: KvRing; position: number} {
	const {layers, heads, headDim, context} = lm.shape;
	const ring = lm.createRing();
	const rows = () => Array.from({length: layers}, () => new Float32Array(heads * headDim));
	const row = {newKeys: rows(), newValues: rows()};
	let x = 1;
	for (let position = 0; position < context - 1; position++) {
		for (const numbers of [...row.newKeys, ...row.newValues]) {
			// A number or two that differ are enough; small, so that no key outshines the others.
			x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
			numbers[(x >>> 8) % numbers.length] = x / 2 ** 31;
		}
		ring.commit(row, 1, 1, position);
	}
	return {ring, position: context - 1};
}
