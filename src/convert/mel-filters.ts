import {ConvertError} from './convert-error.js';

/**
 * Hann-windowed DFT of `size` samples (even), w[n] = 0.5 − 0.5 cos(2πn/size), folded: w[0] = 0, and n and size − n share their cosine and, but for its sign, their sine.
 * `cosines` multiplies the sums x[n] + x[size − n], `sines` the differences x[n] − x[size − n], n = 1 … size/2.
 * Both are [size/2, nBins] row-major with nBins = size/2 + 1, in double.
 */
export function foldedDft(size: number): {cosines: Float64Array<ArrayBuffer>; sines: Float64Array<ArrayBuffer>} {
	const half = size / 2;
	const bins = half + 1;
	const cosines = new Float64Array(half * bins);
	const sines = new Float64Array(half * bins);
	for (let n = 1; n <= half; n++) {
		const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
		// The middle sample is its own partner and would count twice.
		const weight = n === half ? window / 2 : window;
		for (let k = 0; k < bins; k++) {
			// k·n modulo the period: the argument stays small and its cosine exact.
			const angle = (2 * Math.PI * ((k * n) % size)) / size;
			cosines[(n - 1) * bins + k] = weight * Math.cos(angle);
			sines[(n - 1) * bins + k] = weight * Math.sin(angle);
		}
	}
	return {cosines, sines};
}

/** What shapes the filters: bins of an `fftSize`-point DFT at `sampleRate` Hz, filters from 0 to `maxHz`. */
export type MelShape = {fftSize: number; sampleRate: number; nMels: number; maxHz: number};

/**
 * Triangular filters between edges that lie equally spaced on the Slaney scale, linear in Hz, sampled at the DFT's bins, each divided by its sum.
 * Returns [nBins, nMels] row-major, computed in double. Throws `ConvertError` where a filter lies between two bins.
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
		for (const [k, value] of values.entries()) filters[k * nMels + mel] = value / sum;
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
