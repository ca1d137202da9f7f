/** Input samples that one call of the library takes: its buffers hold some seconds. */
const maxCallSamples = 4096;

/**
 * Changes the rate of mono blocks from `fromRate` to `toRate` Hz by libsamplerate (sinc, medium quality: −0.3 dB at 7 kHz for 16 kHz).
 * The output has round(input · toRate / fromRate) samples, whatever the blocks. One library instance per stream, released at the end.
 */
export async function* resample(
	blocks: AsyncIterable<Float32Array>,
	fromRate: number,
	toRate: number,
): AsyncGenerator<Float32Array> {
	if (fromRate === toRate) {
		yield* blocks;
		return;
	}
	// Imported when it is needed: most recordings for a model have its rate already, and the library takes memory.
	const {default: LibSampleRate} = await import('@alexanderolsen/libsamplerate-js');
	const converter = await LibSampleRate.create(1, fromRate, toRate, {
		converterType: LibSampleRate.ConverterType.SRC_SINC_MEDIUM_QUALITY,
	});
	try {
		let taken = 0;
		let given = 0;
		const convert = (samples: Float32Array) => converter.full(samples).slice();
		for await (const block of blocks) {
			taken += block.length;
			for (let at = 0; at < block.length; at += maxCallSamples) {
				const output = convert(block.subarray(at, at + maxCallSamples));
				given += output.length;
				if (output.length > 0) yield output;
			}
		}
		// The filter holds the last samples back: zeros push them out, and what is more than the recording's length is cut.
		const wanted = Math.round((taken * toRate) / fromRate);
		const silence = new Float32Array(maxCallSamples);
		while (given < wanted) {
			const output = convert(silence).slice(0, wanted - given);
			given += output.length;
			if (output.length > 0) yield output;
		}
	} finally {
		converter.destroy();
	}
}
