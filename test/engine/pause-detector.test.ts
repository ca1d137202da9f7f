import assert from 'node:assert/strict';
import {test} from 'node:test';
import {PauseDetector} from '../../src/engine/pause-detector.js';

/** `since` behind each of `probabilities`, which begin at position `first`. */
function since(probabilities: readonly number[], first = 12): (number | undefined)[] {
	const detector = new PauseDetector();
	return probabilities.map((probability, i) => {
		detector.push(first + i, probability);
		return detector.since;
	});
}

const none = undefined;

test('three positions above 0.6 in a row are a pause, which began with the first of them', () => {
	assert.deepEqual(since([0.61, 0.7, 0.9, 0.9]), [none, none, 12, 12]);
});

test('two in a row are none, and neither are three with a lower one between them', () => {
	assert.deepEqual(since([0.9, 0.9, 0.5, 0.9, 0.9, 0.6]), Array(6).fill(none));
});

test('a pause goes on above 0.4 and ends below', () => {
	assert.deepEqual(since([0.9, 0.9, 0.9, 0.4, 0.41, 0.39, 0.59]), [none, none, 12, 12, 12, none, none]);
});

test('a pause after words is another one', () => {
	assert.deepEqual(since([0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9]).at(-1), 16);
});

test('the first twelve positions tell nothing', () => {
	assert.deepEqual(since(Array(15).fill(1), 0), [...Array(14).fill(none), 12]);
});
