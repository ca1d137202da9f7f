import assert from 'node:assert/strict';
import {test} from 'node:test';
import {TransferRate, transferText} from '../../src/cli/transfer-rate.js';

/** A rate with a clock that the test sets. */
function at(samples: [ms: number, bytes: number][]): number | undefined {
	let now = 0;
	const rate = new TransferRate(() => now);
	for (const [ms, bytes] of samples) {
		now = ms;
		rate.add(bytes);
	}
	return rate.bytesPerSecond;
}

test('the rate is that of the last ten seconds', () => {
	assert.equal(at([[0, 0]]), undefined);
	assert.equal(
		at([
			[0, 0],
			[500, 1000],
		]),
		undefined,
	);
	assert.equal(
		at([
			[0, 0],
			[1000, 1000],
		]),
		1000,
	);
	const slower: [number, number][] = Array.from({length: 31}, (_, s) => [
		1000 * s,
		s < 10 ? 5000 * s : 50_000 + 100 * s,
	]);
	assert.equal(at(slower), 100);
});

test('a file that begins anew does not make the rate negative', () => {
	assert.equal(
		at([
			[0, 0],
			[2000, 9000],
			[3000, 0],
			[5000, 4000],
		]),
		2000,
	);
});

test('only what is known is said', () => {
	assert.equal(transferText(1.21e9, 2.4e9, 8.26e6), '1.2 GB of 2.4 GB (50 %), 8.3 MB/s, 2:24 left');
	assert.equal(transferText(0, 2.4e9, undefined), '0.0 kB of 2.4 GB (0 %)');
	assert.equal(transferText(5e6, 1e7, 0), '5 MB of 10 MB (50 %)');
});
