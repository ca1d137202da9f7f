import {createLogUpdate} from 'log-update';
import {safeLine} from '../session/safe-text.js';
import {type Screen, screenAbilities} from './screen.js';

/** A long piece of work on standard error: sentences that stay, and below them one line that tells how far it is. Into a pipe or a file go the sentences alone. */
export type WorkView = {
	/** Replaces the last line, at most five times a second, or takes it away. Untrusted. */
	progress(text: string | undefined): void;
	/** A sentence that stays. Untrusted. */
	message(sentence: string): void;
	/** Takes the last line away; safe more than once. */
	close(): void;
};

const redrawMs = 200;
/** On a terminal where nothing may be redrawn, and for screen readers. */
const plainProgressMs = 30_000;

/** A view of `screen`. `now`: milliseconds of any steady clock. */
export function createWorkView(screen: Screen, now: () => number = () => performance.now()): WorkView {
	const {stderr} = screen;
	const {live, showsProgress, showsPlainProgress} = screenAbilities(screen);
	const region = showsProgress && live ? createLogUpdate(live, {showCursor: true}) : undefined;
	let line = '';
	let drawnAt = Number.NEGATIVE_INFINITY;
	let plainAt = now();

	const draw = () => {
		drawnAt = now();
		if (line === '') region?.clear();
		else region?.(line.slice(0, Math.max(10, (live?.columns || 80) - 1)));
	};
	return {
		progress(text) {
			const isStep = text === undefined || line === '';
			line = safeLine(text ?? '');
			if (region && (isStep || now() - drawnAt >= redrawMs)) draw();
			if (showsPlainProgress && line !== '' && now() - plainAt >= plainProgressMs) {
				plainAt = now();
				stderr.write(`${line}\n`);
			}
		},
		message(sentence) {
			region?.clear();
			stderr.write(`${safeLine(sentence)}\n`);
			if (line !== '') draw();
		},
		close() {
			line = '';
			region?.clear();
		},
	};
}
