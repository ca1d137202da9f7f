/** One word of a segment, as it is spelled there. Times are milliseconds of tape time. */
export type Word = {text: string; startMs: number; endMs: number};

/**
 * Speech between two endpoints: what one caption shows. `segmentId` counts up from 0 and never changes;
 * `text` is the words joined as the model spells them, one line, untrusted; times are milliseconds of tape time.
 */
export type Segment = {segmentId: number; text: string; startMs: number; endMs: number; words: Word[]};
