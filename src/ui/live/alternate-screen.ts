import type {ScreenStream} from '../screen.js';

const enterSequence = '\x1b[?1049h\x1b[?25l';
const leaveSequence = '\x1b[0m\x1b[?25h\x1b[?1049l';

/** Shows the terminal's second screen, without a cursor. Returns how to go back to what stood there before: synchronous, safe at any moment and more than once. */
export function enterAlternateScreen(stdout: ScreenStream, stdin: NodeJS.ReadStream): () => void {
	stdout.write(enterSequence);
	let isLeft = false;
	return () => {
		if (isLeft) return;
		isLeft = true;
		try {
			// A terminal that has hung up takes neither.
			stdin.setRawMode?.(false);
			stdout.write(leaveSequence);
		} catch {}
	};
}
