import type {FLACDecodedAudio, FLACDecoder} from '@wasm-audio-decoders/flac';
import {type FlacStreamInfo, findFlacFrame, readFlacStreamInfo} from './flac-frames.js';

/** Bytes of a frame that are waited for where the file does not say how large its frames are. */
const largestFrameBytes = 1 << 17;
/** Samples that one damaged place may hide: what claims to lie further on is damaged itself. */
const mostLostSamples = 1 << 20;

/**
 * The FLAC decoder, set going again behind damage: by itself it looks for the end of a damaged frame in the next 512 kB, and all in them is lost. Here the frame
 * that is damaged becomes silence of its length, so that what follows keeps its time.
 */
export class ResumingFlacDecoder {
	readonly ready: Promise<void>;
	readonly #create: () => FLACDecoder;
	#decoder: FLACDecoder;
	#info: FlacStreamInfo | undefined;
	#isFirst = true;
	#decodedSamples = 0;
	/** The piece that gave the last samples, and all since: the damaged frame begins there. */
	#recent: Uint8Array[] = [];

	constructor(create: () => FLACDecoder) {
		this.#create = create;
		this.#decoder = create();
		this.ready = this.#decoder.ready;
	}

	/** Decodes the next bytes of the file. */
	async decode(bytes: Uint8Array): Promise<FLACDecodedAudio> {
		if (this.#isFirst) this.#info = readFlacStreamInfo(bytes);
		this.#isFirst = false;
		const decoded = await this.#decoder.decode(bytes);
		if (decoded.samplesDecoded > 0) this.#recent = [];
		this.#recent.push(bytes.slice());
		this.#decodedSamples += decoded.samplesDecoded;
		const waitsFor = 2 * (this.#info?.maxFrameBytes || largestFrameBytes);
		const waiting = this.#recent.slice(1).reduce((sum, piece) => sum + piece.length, 0);
		return waiting > waitsFor ? ((await this.#resume()) ?? decoded) : decoded;
	}

	/** Decodes what is left. */
	async flush(): Promise<FLACDecodedAudio> {
		const decoded = await this.#decoder.flush();
		this.#decodedSamples += decoded.samplesDecoded;
		if (decoded.samplesDecoded > 0) return decoded;
		const resumed = await this.#resume();
		if (!resumed) return decoded;
		const rest = await this.flush();
		return rest.samplesDecoded > 0 ? joined(resumed, rest) : resumed;
	}

	/** Releases the library's memory. */
	free(): void {
		this.#decoder.free();
	}

	/** Starts anew at the next whole frame among the recent bytes; undefined where there is none. */
	async #resume(): Promise<FLACDecodedAudio | undefined> {
		const bytes = Buffer.concat(this.#recent);
		const from = this.#decodedSamples + 1;
		const frame = this.#info && findFlacFrame(bytes, {from, to: from + mostLostSamples}, this.#info);
		if (!frame) return undefined;
		this.#decoder.free();
		this.#decoder = this.#create();
		await this.#decoder.ready;
		const left = new Uint8Array(bytes.subarray(frame.at));
		const decoded = await this.#decoder.decode(left);
		const lostSamples = frame.startSample - this.#decodedSamples;
		this.#decodedSamples = frame.startSample + decoded.samplesDecoded;
		this.#recent = [left];
		return withSilence(decoded, lostSamples);
	}
}

/** `decoded` behind the silence of what was lost, with an error that says so. */
function withSilence(decoded: FLACDecodedAudio, lostSamples: number): FLACDecodedAudio {
	const channels = decoded.channelData.length > 0 ? decoded.channelData : [new Float32Array(0)];
	const errors = [{message: `${lostSamples} samples lost`} as FLACDecodedAudio['errors'][number], ...decoded.errors];
	return {
		...decoded,
		channelData: channels.map(channel => concat(new Float32Array(lostSamples), channel)),
		samplesDecoded: lostSamples + decoded.samplesDecoded,
		errors,
	};
}

const joined = (first: FLACDecodedAudio, second: FLACDecodedAudio): FLACDecodedAudio => ({
	...second,
	channelData: second.channelData.map((channel, i) =>
		concat(first.channelData[i] ?? new Float32Array(first.samplesDecoded), channel),
	),
	samplesDecoded: first.samplesDecoded + second.samplesDecoded,
	errors: [...first.errors, ...second.errors],
});

function concat(first: Float32Array, second: Float32Array): Float32Array {
	const all = new Float32Array(first.length + second.length);
	all.set(first);
	all.set(second, first.length);
	return all;
}
