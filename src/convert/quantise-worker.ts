import {parentPort} from 'node:worker_threads';
import {quantiseRows4, quantiseRows8} from './quantise.js';
import type {QuantiseRequest} from './quantiser.js';

// The worker thread of `quantiser.ts`: rows in, rows out, in order.

parentPort!.on('message', ({scheme, floats, columns}: QuantiseRequest) => {
	const rows = scheme === '4-bit' ? quantiseRows4(floats, columns) : quantiseRows8(floats, columns);
	parentPort!.postMessage(rows, [rows.codes.buffer, rows.scales.buffer]);
});
