import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Framer} from '../../src/engine/framer.js';

const samples = Float32Array.from({length: 1000}, (_, i) => i);

for (const size of [1, 2, 3, 7, 64, 1000]) {
	test(`frames are the same when samples come ${size} at a time`, () => {
		const framer = new Framer(64);
		const frames: Float32Array[] = [];
		for (let at = 0; at < samples.length; at += size) {
			framer.push(samples.subarray(at, at + size));
			while (framer.frames > 0) frames.push(framer.take(1));
		}
		assert.equal(frames.length, 15);
		assert.deepEqual(
			frames.flatMap(frame => [...frame]),
			[...samples.subarray(0, 960)],
		);
		assert.equal(framer.remainder, 40);
	});
}

test('padding fills the unfinished frame with zeros, and adds none where none is unfinished', () => {
	const framer = new Framer(4);
	framer.push(Float32Array.of(1, 2, 3, 4, 5));
	framer.pad();
	framer.pad();
	assert.deepEqual([...framer.take(9)], [1, 2, 3, 4, 5, 0, 0, 0]);
	assert.equal(framer.frames, 0);
});
