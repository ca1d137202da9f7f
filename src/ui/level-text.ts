/** What the bar is drawn with: one character each. */
export type LevelMarks = {full: string; peak: string; empty: string};

const blocks: LevelMarks = {full: '█', peak: '│', empty: '·'};
const nCells = 30;
/** The quietest that the bar shows: a still room is at about −60 dB. */
const bottomDb = -60;

/** `-23 dB ██████████████████···│········`: a level and its peak, in dB below full scale, always as wide. */
export function levelText({levelDb, peakDb}: {levelDb: number; peakDb: number}, marks: LevelMarks = blocks): string {
	const cells = (db: number) => Math.max(0, Math.min(nCells, Math.round(nCells * (1 - db / bottomDb))));
	const full = cells(levelDb);
	const peak = cells(peakDb) - 1;
	const bar = Array.from({length: nCells}, (_, cell) => {
		if (cell < full) return marks.full;
		return cell === peak ? marks.peak : marks.empty;
	});
	return `${String(Math.round(levelDb)).padStart(4)} dB ${bar.join('')}`;
}
