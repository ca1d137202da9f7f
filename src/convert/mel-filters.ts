import {ConvertError} from './convert-error.js';

/**
 * Windowed DFT as a filter bank: row k holds the cosines, row nBins + k the sines of bin k, each times a Hann window w[n] = 0.5 − 0.5 cos(2πn/size).
 * Returns [2 · nBins, size] row-major with nBins = ⌊size/2⌋ + 1, computed in double.
 */
export function windowedDft(size: number): Float32Array<ArrayBuffer> {
	const bins = Math.floor(size / 2) + 1;
	const rows = new Float32Array(2 * bins * size);
	for (let k = 0; k < bins; k++) {
		for (let n = 0; n < size; n++) {
			const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
			// k·n modulo the period: the argument stays small and its cosine exact.
			const angle = (2 * Math.PI * ((k * n) % size)) / size;
			rows[k * size + n] = window * Math.cos(angle);
			rows[(bins + k) * size + n] = -window * Math.sin(angle);
		}
	}
	return rows;
}

/** What shapes the filters: bins of an `fftSize`-point DFT at `sampleRate` Hz, filters from 0 to `maxHz`. */
export type MelShape = {fftSize: number; sampleRate: number; nMels: number; maxHz: number};

/**
 * Triangular filters between edges that lie equally spaced on the Slaney scale, linear in Hz, sampled at the DFT's bins, each divided by its sum.
 * Returns [nMels, nBins] row-major, computed in double. Throws `ConvertError` where a filter lies between two bins.
 */
export function melFilters({fftSize, sampleRate, nMels, maxHz}: MelShape): Float32Array<ArrayBuffer> {
	const bins = Math.floor(fftSize / 2) + 1;
	const edges = Array.from({length: nMels + 2}, (_, i) => melToHz((hzToMel(maxHz) * i) / (nMels + 1)));
	const filters = new Float32Array(nMels * bins);
	for (let mel = 0; mel < nMels; mel++) {
		const [low, centre, high] = edges.slice(mel, mel + 3) as [number, number, number];
		const values = Array.from({length: bins}, (_, k) => {
			const hz = (k * sampleRate) / fftSize;
			return Math.max(0, Math.min((hz - low) / (centre - low), (high - hz) / (high - centre)));
		});
		const sum = values.reduce((total, value) => total + value, 0);
		if (sum === 0) {
			throw new ConvertError('bad-config', `${nMels} mel filters are too narrow for a DFT of ${fftSize} samples.`);
		}
		for (const [k, value] of values.entries()) filters[mel * bins + k] = value / sum;
	}
	return filters;
}

// The Slaney scale: linear below 1000 Hz (mel 15), logarithmic above, 27 steps for a factor of 6.4.
const kneeHz = 1000;
const kneeMel = 15;
const melsPerLog = 27 / Math.log(6.4);

const hzToMel = (hz: number) => (hz < kneeHz ? (hz / kneeHz) * kneeMel : kneeMel + melsPerLog * Math.log(hz / kneeHz));

const melToHz = (mel: number) =>
	mel < kneeMel ? (mel / kneeMel) * kneeHz : kneeHz * Math.exp((mel - kneeMel) / melsPerLog);
