/**
 * Samples with a start index, cut anywhere, without acoustic meaning. `samples` is mono in [-1, 1] and belongs
 * to whoever receives the chunk (it owns its whole `ArrayBuffer`, so it can be transferred); `startSample` counts from the start of the stream,
 * at the stream's rate. `isAfterGap`: between it and the chunk before it something was not recorded, so what was heard before ends there. Such a chunk may
 * be empty: a gap has begun, and what was heard can be captioned to its end at once.
 */
export type AudioChunk = {samples: Float32Array<ArrayBuffer>; startSample: number; isAfterGap?: boolean};
