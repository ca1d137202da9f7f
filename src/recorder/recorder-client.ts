import type {Command, FromRecorder} from './protocol.js';

/** What a viewer hears. `gone`: no recorder answers for now, and the client looks for one by itself; a `snapshot` follows when it has one. */
export type RecorderEvent =
	| Extract<FromRecorder, {type: 'snapshot' | 'status' | 'open' | 'entry' | 'saved'}>
	| {type: 'gone'; message: string};

/** What a command was answered. */
export type Reply = Extract<FromRecorder, {type: 'reply'}>;

/** A viewer's connection to the recorder, which outlives recorders. */
export type RecorderClient = {
	/** Has `listener` hear everything from now on, beginning with a snapshot where there is one; returns how to stop that. */
	subscribe(listener: (event: RecorderEvent) => void): () => void;
	/** Resolves with the recorder's answer; rejects with one clear sentence when there is none. */
	send(command: Command): Promise<Reply>;
	/** Lets go of the connection; recording goes on. */
	close(): void;
};
