import type {ModelManifest} from '../engine/model-package.js';
import type {GraphBuilder} from './onnx/graph-builder.js';

/** The tails of signals that the next call needs in front of its own: each is an input `state.<name>` and an output `next.<name>`, zeros at the start. */
export class StreamingStates {
	/** What the manifest says of them, in the order in which they were added. */
	readonly declared: ModelManifest['frontend']['states'] = [];

	constructor(private readonly graph: GraphBuilder) {}

	/**
	 * Puts the last `width` columns of the call before in front of `signal` [...dims, any], and keeps the last ones of the whole for the next call.
	 * `use` may put something else in the state's place.
	 */
	prepend(
		name: string,
		dims: readonly number[],
		width: number,
		signal: string,
		use: (state: string) => string = state => state,
	): string {
		const {graph} = this;
		const state = [...dims, width];
		this.declared.push({name, dims: state});
		const before = use(graph.input(`state.${name}`, 'float', state));
		const whole = graph.node('Concat', [before, signal], {attributes: {axis: -1}});
		const next = graph.node('Slice', [whole, graph.int64s([-width]), graph.int64s([2 ** 31]), graph.int64s([-1])], {
			outputs: [`next.${name}`],
		});
		graph.output(next, 'float', state);
		return whole;
	}
}
