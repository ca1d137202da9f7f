import assert from 'node:assert/strict';
import {test} from 'node:test';
import {gapSamples} from '../../src/session/tape-gaps.js';

test('the gaps of a journal come in order', () => {
	const gap = (atSample: number) => ({type: 'gap' as const, atSample, wallMs: 0, lostMs: 1, why: 'device' as const});
	assert.deepEqual(gapSamples([gap(5), {type: 'mark', atSample: 7, wallMs: 0}, gap(3)]), [3, 5]);
});
