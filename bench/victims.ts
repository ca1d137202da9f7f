/**
 * What dies. `line`: the server's side of an SSH line, behind which the screen is. `lonely recorder`: while nobody is attached. `everything`: viewer, recorder and capture at
 * once, as in a power cut.
 */
export const victims = ['viewer', 'line', 'recorder', 'lonely recorder', 'capture', 'everything'] as const;
/** What dies. */
export type Victim = (typeof victims)[number];
