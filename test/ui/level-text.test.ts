import assert from 'node:assert/strict';
import {test} from 'node:test';
import {levelText} from '../../src/ui/level-text.js';

const marks = {full: '#', peak: '|', empty: '.'};

test('a level is a number and a bar with a peak, always as wide', () => {
	assert.equal(levelText({levelDb: -30, peakDb: -12}, marks), ' -30 dB ###############........|......');
	assert.equal(levelText({levelDb: 0, peakDb: 0}, marks), '   0 dB ##############################');
	assert.equal(levelText({levelDb: -100, peakDb: -100}, marks), '-100 dB ..............................');
	assert.equal(levelText({levelDb: -58, peakDb: -57}), ' -58 dB █│····························');
});
