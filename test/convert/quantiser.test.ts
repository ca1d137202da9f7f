import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Matrix} from '../../src/convert/matrix.js';
import {createQuantiser, ownThread, type QuantisedBlock, type QuantisedScheme} from '../../src/convert/quantiser.js';
import {createRandom, randomFloats} from './random.js';

const [rows, columns] = [3000, 1024];
const weights = randomFloats(rows * columns, createRandom(7));

/** A matrix of several blocks; reading row `failAt` throws. */
const matrix = (failAt = rows): Matrix => ({
	rows,
	columns,
	read: async ({from, to}) => {
		if (to > failAt) throw new Error('The disk is gone.');
		return weights.slice(from * columns, to * columns);
	},
});

async function collect(blocks: AsyncIterable<QuantisedBlock>): Promise<QuantisedBlock[]> {
	const collected: QuantisedBlock[] = [];
	for await (const block of blocks) collected.push(block);
	return collected;
}

for (const scheme of ['4-bit', '8-bit'] satisfies QuantisedScheme[]) {
	test(`several threads give the ${scheme} blocks of one, in order`, async () => {
		const expected = await collect(ownThread.blocks(matrix(), scheme));
		assert.deepEqual(
			expected.map(({from}) => from),
			[0, 1024, 2048],
		);
		for (const threads of [1, 2, 3]) {
			const quantiser = createQuantiser(threads);
			assert.deepEqual(await collect(quantiser.blocks(matrix(), scheme)), expected, `${threads} threads`);
			await quantiser.close();
		}
	});
}

test('what reading throws is thrown, and the threads end', async () => {
	const quantiser = createQuantiser(2);
	await assert.rejects(collect(quantiser.blocks(matrix(2000), '4-bit')), /The disk is gone/);
	await quantiser.close();
});
