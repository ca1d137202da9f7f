import assert from 'node:assert/strict';
import {test} from 'node:test';
import {AudioError} from '../../src/audio/audio-error.js';
import {createRandom} from '../convert/random.js';
import {chunk, int16, makeWav} from './make-wav.js';
import {readWav} from './read-audio.js';

const nInputs = 20_000;
const seed = Number(process.env.SEED ?? 20261123);

const samples = int16(...Array.from({length: 120}, (_, i) => Math.round(20_000 * Math.sin(i / 5))));
const originals = [
	makeWav({data: samples}),
	makeWav({channels: 2, bits: 24, data: samples.subarray(0, 234), before: [chunk('LIST', Buffer.from('INFOISFT'))]}),
	makeWav({extensible: 3, bits: 32, data: samples, after: [chunk('JUNK', Buffer.alloc(9))]}),
	makeWav({mark: 'RF64', size64: 240n, dataSize: 0xffffffff, data: samples}),
	makeWav({tag: 7, bits: 8, rate: 8000, data: samples}),
];

test(`${nInputs} damaged WAV files are read or refused (SEED=${seed})`, async () => {
	console.log(`SEED=${seed}`);
	const random = createRandom(seed);
	const below = (limit: number) => Math.floor(random() * limit);
	const hostile = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
	let nRead = 0;
	for (let i = 0; i < nInputs; i++) {
		let bytes = Buffer.from(originals[below(originals.length)]!);
		for (let change = below(6); change >= 0; change--) {
			const at = below(Math.min(bytes.length, random() < 0.7 ? 64 : bytes.length));
			switch (below(5)) {
				case 0:
					bytes[at]! ^= 1 << below(8);
					break;
				case 1:
					bytes = bytes.subarray(0, at);
					break;
				case 2:
					if (at + 4 <= bytes.length) bytes.writeUInt32LE(hostile[below(hostile.length)]!, at);
					break;
				case 3:
					bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(bytes.length + 1))]);
					break;
				case 4:
					if (at + 2 <= bytes.length) bytes.writeUInt16LE(below(0x10000), at);
					break;
			}
			if (bytes.length === 0) break;
		}
		try {
			const isFile = random() < 0.5;
			const {samples: read} = await readWav(bytes, {pieceBytes: 1 + below(512), isFile});
			assert.ok(read.length <= bytes.length, 'no more samples than bytes');
			assert.ok(read.every(sample => sample >= -1 && sample <= 1));
			nRead++;
		} catch (error) {
			if (!(error instanceof AudioError)) throw new Error(`Input ${i} of SEED=${seed}: ${error}`, {cause: error});
		}
	}
	assert.ok(nRead > nInputs / 20, `${nRead} were still readable`);
	assert.ok(nRead < nInputs);
});
