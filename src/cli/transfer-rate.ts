import {sizeText} from '../models/disk-space.js';
import {shortTime} from '../session/time-text.js';

/** Long enough to be calm, short enough to notice a line that has become slow. */
const windowMs = 10_000;
/** Earlier than this the pace is a guess. */
const firstEstimateMs = 1000;

/** The rate of a download over the last seconds. `now`: milliseconds of any steady clock. */
export class TransferRate {
	#samples: {atMs: number; bytes: number}[] = [];

	constructor(private readonly now: () => number = () => performance.now()) {}

	/** So many bytes are here now. Fewer than before, where a file began anew, is a new start. */
	add(bytes: number): void {
		const atMs = this.now();
		if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples = [];
		this.#samples.push({atMs, bytes});
		while (this.#samples.length > 2 && this.#samples[1]!.atMs <= atMs - windowMs) this.#samples.shift();
	}

	/** Bytes a second, undefined where it is too early to say. */
	get bytesPerSecond(): number | undefined {
		const [first, last] = [this.#samples[0], this.#samples.at(-1)];
		if (!first || !last || last.atMs - first.atMs < firstEstimateMs) return undefined;
		return (1000 * (last.bytes - first.bytes)) / (last.atMs - first.atMs);
	}
}

/** `1.2 GB of 2.4 GB (51 %), 8.3 MB/s, 2:20 left`: only what is known. */
export function transferText(received: number, total: number, bytesPerSecond: number | undefined): string {
	const parts = [`${sizeText(received)} of ${sizeText(total)} (${Math.floor((100 * received) / total)} %)`];
	if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
		parts.push(`${rateText(bytesPerSecond)}, ${shortTime((1000 * (total - received)) / bytesPerSecond)} left`);
	}
	return parts.join(', ');
}

const rateText = (bytesPerSecond: number) =>
	bytesPerSecond < 99.5e6 && bytesPerSecond >= 1e6
		? `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`
		: `${sizeText(bytesPerSecond)}/s`;
