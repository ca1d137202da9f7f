import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Progress, progressText} from '../../src/ui/progress-text.js';

const usual: Progress = {positionMs: 60_000, durationMs: 7_200_000, computeMs: 3000, elapsedMs: 4000};

const shows = (title: string, change: Partial<Progress>, expected: string) =>
	test(title, () => assert.equal(progressText({...usual, ...change}), expected));

shows('progress is position, length, RTF and time left', {}, '1:00 of 2:00:00, RTF 0.05, 7:56 left');
shows('an unknown length has no time left', {durationMs: undefined}, '1:00, RTF 0.05');
shows('a recording that is longer than it claimed has no time left', {durationMs: 30_000}, '1:00, RTF 0.05');
shows('nothing heard has no RTF', {positionMs: 0}, '0:00 of 2:00:00');
shows('the first second makes no promise', {elapsedMs: 900}, '1:00 of 2:00:00, RTF 0.05');
shows('the label stands first', {label: 'a.wav (1 of 2)', durationMs: undefined}, 'a.wav (1 of 2): 1:00, RTF 0.05');
