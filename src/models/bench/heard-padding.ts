import type {Frontend, FrontendRows} from '../../engine/delayed-streams/frontend.js';

/**
 * `frontend` of a synthetic package, whose decoder writes PAD where the lowest bit of a frame's last code is set (`convert/synthetic-checkpoint.ts`): that bit is set in
 * `share` of all frames, seeded, each frame for itself. The codes are all that changes; what is written is what the decoder makes of them.
 */
export function withHeardPadding<State>(frontend: Frontend<State>, share: number, seed = 1): Frontend<State> {
	let x = seed;
	const isPadding = () => {
		x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
		return (x >>> 8) / 2 ** 24 < share;
	};
	const setBits = <Rows extends FrontendRows>(rows: Rows): Rows => {
		for (const codes of rows.codes) {
			const last = codes.length - 1;
			codes[last] = (codes[last]! & ~1) | (isPadding() ? 1 : 0);
		}
		return rows;
	};
	return {
		createState: () => frontend.createState(),
		run: async (samples, state) => setBits(await frontend.run(samples, state)),
		keep: (state, frames) => {
			const before = x;
			const putBack = frontend.keep(state, frames);
			return () => {
				x = before;
				putBack();
			};
		},
		close: () => frontend.close(),
	};
}
