/** Signs of the screen. Each stands beside a word, so that nothing rests on it. */
export type Marks = {
	recording: string;
	paused: string;
	stopped: string;
	open: string;
	more: string;
	mark: string;
	note: string;
	rule: string;
	separator: string;
	dash: string;
	up: string;
	down: string;
	/** Eighths of a cell, lowest first, for sparklines. */
	levels: readonly string[];
	barFull: string;
	barEmpty: string;
	barPeak: string;
	cursor: string;
	degree: string;
};

const unicode: Marks = {
	recording: '●',
	paused: '‖',
	stopped: '■',
	open: '› ',
	more: '…',
	mark: '◆',
	note: '✎',
	rule: '─',
	separator: ' · ',
	dash: '–',
	up: '↑',
	down: '↓',
	levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
	barFull: '█',
	barEmpty: '·',
	barPeak: '|',
	cursor: '▏',
	degree: '°C',
};

const ascii: Marks = {
	recording: '*',
	paused: '||',
	stopped: '#',
	open: '> ',
	more: '...',
	mark: '+',
	note: '"',
	rule: '-',
	separator: ' - ',
	dash: '-',
	up: '^',
	down: 'v',
	levels: ['_', '.', '-', ':', '=', '+', '*', '#'],
	barFull: '#',
	barEmpty: '.',
	barPeak: '|',
	cursor: '_',
	degree: 'C',
};

/** Marks for a terminal that shows UTF-8, or ASCII alone. */
export const screenMarks = (isUtf8: boolean): Marks => (isUtf8 ? unicode : ascii);
