import assert from 'node:assert/strict';

/** Largest |a − b|; NaN if any element is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
	assert.equal(a.length, b.length);
	let largest = 0;
	for (let i = 0; i < a.length; i++) {
		const difference = Math.abs(a[i]! - b[i]!);
		if (!(difference <= largest)) largest = difference;
		if (Number.isNaN(largest)) break;
	}
	return largest;
}

/** Asserts that no element of `a` is further than `tolerance` from its counterpart in `b`. */
export function assertClose(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number, what = 'values'): void {
	const difference = largestDifference(a, b);
	assert.ok(difference <= tolerance, `${what} differ by ${difference}, more than ${tolerance}`);
}
