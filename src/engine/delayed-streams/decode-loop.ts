import type {KvRing} from './kv-ring.js';
import {argmax, type FrameInput, type LanguageModel, type LmResult} from './language-model.js';

/** What the loop needs of a language model. */
export type Decoder = Pick<LanguageModel, 'shape' | 'tokens' | 'createRing' | 'run'>;

/** One decoded position. `vad` is [heads, classes] after softmax, empty where the model has no VAD heads. */
export type DecodedPosition = {position: number; token: number; vad: Float32Array; logits: Float32Array};

/** Position 0: it hears nothing, so it is the same for every stream and computed once. */
export type StartTemplate = {result: LmResult; token: number};

/** Runs position 0, which has the start token and no audio. */
export async function createStartTemplate(lm: Decoder): Promise<StartTemplate> {
	const result = await lm.run([{token: lm.tokens.start, frame: undefined}], 0, lm.createRing());
	return {result, token: argmax(result.logits, 0, lm.shape.vocabulary)};
}

type State = {
	/** The next position; frame f is heard at position f + 1. */
	position: number;
	/** Token of the position before. */
	token: number;
	/** What the last call thought the positions after `token` would be: the next call's guesses. */
	guesses: number[];
	frames: FrameInput[];
	calls: number;
};

/**
 * The delayed-streams loop: one greedy text token per frame, several frames in a call with guessed text (moshi's `asr.rs` with T = 1).
 * A guess that turns out wrong costs its row, never a token: the accepted tokens are those of T = 1 up to floating-point near-ties.
 */
export class DecodeLoop {
	readonly #lm: Decoder;
	readonly #template: StartTemplate;
	readonly #onPosition: (decoded: DecodedPosition) => void;
	readonly #ring: KvRing;
	#state: State;

	constructor(lm: Decoder, template: StartTemplate, onPosition: (decoded: DecodedPosition) => void) {
		this.#lm = lm;
		this.#template = template;
		this.#onPosition = onPosition;
		this.#ring = lm.createRing();
		this.#state = this.#start();
	}

	/** Calls of the model since the start or the last reset; position 0 is not one. */
	get calls(): number {
		return this.#state.calls;
	}

	/** Frames that wait. */
	get waiting(): number {
		return this.#state.frames.length;
	}

	/** Back to position 0, which is reported again; the weights stay. */
	reset(): void {
		this.#state = this.#start();
	}

	/** Queues one frame. Codes and features never become stale: they wait as long as need be. */
	push(frame: FrameInput): void {
		this.#state.frames.push(frame);
	}

	/** One call with at most `maxFrames` of the waiting frames; reports every accepted position in order. */
	async step(maxFrames: number): Promise<void> {
		for (const decoded of await this.#call(maxFrames)) this.#onPosition(decoded);
	}

	/**
	 * Decodes what waits and `frames` behind it, and returns the positions without reporting them. Then everything is as it was before, bit by bit: what is decoded later
	 * does not know.
	 */
	async preview(frames: readonly FrameInput[], maxFrames: number): Promise<DecodedPosition[]> {
		const before = this.#state;
		const all = [...before.frames, ...frames];
		const slots = this.#ring.save(before.position, all.length);
		const decoded: DecodedPosition[] = [];
		this.#state = {...before, frames: all};
		try {
			while (this.waiting > 0) decoded.push(...(await this.#call(maxFrames)));
		} finally {
			this.#ring.restore(slots);
			this.#state = before;
		}
		return decoded;
	}

	async #call(maxFrames: number): Promise<DecodedPosition[]> {
		const state = this.#state;
		const {vocabulary, vad} = this.#lm.shape;
		const T = Math.min(maxFrames, state.frames.length);
		const inputs = [state.token];
		for (let j = 0; j < T - 1; j++) inputs.push(state.guesses[j] ?? this.#lm.tokens.padding);

		const rows = inputs.map((token, t) => ({token, frame: state.frames[t]}));
		const result = await this.#lm.run(rows, state.position, this.#ring);
		const outputs = inputs.map((_, t) => argmax(result.logits, t, vocabulary));
		let accepted = 1;
		while (accepted < T && outputs[accepted - 1] === inputs[accepted]) accepted++;

		this.#ring.commit(result, T, accepted, state.position);
		const position = state.position;
		state.frames.splice(0, accepted);
		state.position += accepted;
		state.token = outputs[accepted - 1]!;
		state.guesses = outputs.slice(accepted);
		state.calls++;
		const vadWidth = vad.heads * vad.classes;
		return outputs.slice(0, accepted).map((token, t) => ({
			position: position + t,
			token,
			vad: result.vad.subarray(t * vadWidth, (t + 1) * vadWidth),
			logits: result.logits.subarray(t * vocabulary, (t + 1) * vocabulary),
		}));
	}

	#start(): State {
		const {result, token} = this.#template;
		this.#ring.clear();
		this.#ring.commit(result, 1, 1, 0);
		this.#onPosition({position: 0, token, vad: result.vad, logits: result.logits});
		return {position: 1, token, guesses: [], frames: [], calls: 0};
	}
}
