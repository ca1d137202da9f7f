/** How long captions may wait for full calls of the model: `low` for the shortest wait, `saver` for the least work (design §5). */
export const latencies = ['low', 'balanced', 'saver'] as const;

/** How long captions may wait for full calls of the model. */
export type Latency = (typeof latencies)[number];

/** Frames that one call takes (T of design §5), by latency: a frame is 80 ms, so `saver` waits 240 ms longer than `low`. */
export const framesPerCall: Readonly<Record<Latency, number>> = {low: 1, balanced: 2, saver: 4};

/** For people who read along. */
export const liveLatency: Latency = 'balanced';

/** For recordings, where nobody waits for the next word. */
export const recordingLatency: Latency = 'saver';
