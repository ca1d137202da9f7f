import type {Readable} from 'node:stream';
import type {AudioSource} from '../audio/audio-source.js';
import type {EngineClient, EngineOptions} from '../engine/client.js';
import type {SettingsFile} from '../system/settings.js';
import type {Screen} from '../ui/screen.js';

/** How to read a recording: at the engine's rate, or at its own; `rawRate` says that standard input is 16-bit mono PCM without a header, at so many Hz. */
export type AudioOptions = {sampleRate: number | 'own'; rawRate?: number};

/** What commands need from the world: the process gives it, tests bring their own. */
export type Host = Screen & {
	stdin: Readable & {isTTY?: boolean};
	/** Whether standard input is a keyboard, from which no recording comes. */
	isStdinTerminal: boolean;
	/** Aborted when the user wants the command to end, keeping what was captioned. */
	signal: AbortSignal;
	startEngine(options: EngineOptions): Promise<EngineClient>;
	/** Opens a recording; `-` is standard input. */
	openAudio(file: string, options: AudioOptions): Promise<AudioSource>;
	openSettings(): Promise<SettingsFile>;
	/** Asks a question on the terminal and returns the line that was answered; only where standard input is a keyboard. Empty where it ended or the signal aborted. */
	ask(question: string): Promise<string>;
	/** Lets every other program go first, from now on, in this process and the threads that it starts. */
	giveWay(): void;
	/** Has `action` run, synchronously, should the process end before the returned function is called. */
	atExit(action: () => void): () => void;
};
