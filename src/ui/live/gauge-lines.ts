import type {Gauges} from '../../system/gauges.js';
import {spanOfTime} from './caption-item.js';
import {cutLine, type Line, lineWidth, type Span, span} from './line.js';
import type {LiveState} from './live-state.js';
import type {Marks} from './marks.js';
import {modelDoesNotFit} from './warnings.js';

/** The gauges in `rows` rows, the most important first: what has no room is left out, whole. */
export function gaugeLines(state: LiveState, rows: number): Line[] {
	const {columns} = state.screen;
	const {separator, more} = state.marks;
	const parts = [...sessionGauges(state), ...(state.gauges ? machineGauges(state.gauges, state.marks) : [])];
	const lines: Line[] = [];
	let line: Span[] = [];
	for (const part of parts) {
		const withPart = line.length === 0 ? part : [...line, span(separator, 'label'), ...part];
		if (lineWidth(withPart) <= columns) {
			line = withPart;
			continue;
		}
		lines.push(line);
		line = part;
		if (lines.length === rows) break;
	}
	if (lines.length < rows) lines.push(line);
	return Array.from({length: rows}, (_, i) => cutLine(lines[i] ?? [], columns, more));
}

function sessionGauges({status, rtfs, screen, marks}: LiveState): Span[][] {
	const session = status?.session;
	if (!session) return [];
	const isNarrow = screen.columns < 60;
	const level = `${levelBar(session.levelDb, session.peakDb, isNarrow ? 8 : 12, marks)} ${decibels(session.levelDb)}`;
	const spark = sparkline(rtfs, isNarrow ? 6 : 12, marks);
	return [
		gauge('in', isNarrow ? level : `${level} peak ${decibels(session.peakDb)}`),
		gauge('RTF', `${session.rtf.toFixed(2)}${spark === '' ? '' : ` ${spark}`}`),
		gauge('lag', spanOfTime(session.lagMs)),
	];
}

function machineGauges(gauges: Gauges, marks: Marks): Span[][] {
	const {memory, swap, program, throttling, temperatureC} = gauges;
	const change = swap.changeBytesPerSecond;
	const arrow =
		Math.abs(change) < 1e5 ? '' : ` ${change > 0 ? marks.up : marks.down}${megabytes(Math.abs(change))} MB/s`;
	return [
		gauge(
			'RAM',
			`${gigabytes(memory.usedBytes)}/${gigabytes(memory.totalBytes)} GB, ours ${megabytes(program.memoryBytes)} MB`,
		),
		gauge('CPU', `${Math.round(gauges.cpuShare * 100)} %, ours ${Math.round(program.cpuCores * 100)} % of a core`),
		...(temperatureC === undefined ? [] : [gauge('', `${Math.round(temperatureC)} ${marks.degree}`)]),
		...(throttling && throttling.now.length > 0 ? [[span(throttling.now.join(', '), 'behind')]] : []),
		gauge('swap', swap.totalBytes === 0 ? 'none' : `${megabytes(swap.usedBytes)} MB${arrow}`),
		gauge(
			'faults',
			`${Math.round(gauges.majorFaultsPerSecond)}/s, read back ${(gauges.readBackBytesPerSecond / 1e6).toFixed(1)} MB/s`,
		),
		...(gauges.isModelTooBig ? [[span(modelDoesNotFit, 'behind')]] : []),
		...(throttling && throttling.now.length === 0 ? [gauge('throttling', throttledWords(throttling.before))] : []),
	];
}

const throttledWords = (before: string[]) => (before.length === 0 ? 'none' : `not now (${before.join(', ')} earlier)`);

const gauge = (label: string, value: string): Span[] => [
	...(label === '' ? [] : [span(`${label} `, 'label')]),
	span(value),
];

const quietestDb = -60;

/** Input level as a bar `cells` long from −60 to 0 dB, with its peak. */
export function levelBar(levelDb: number, peakDb: number, cells: number, marks: Marks): string {
	const cell = (db: number) => Math.round((Math.min(0, Math.max(quietestDb, db)) / -quietestDb + 1) * cells);
	const full = cell(levelDb);
	const peak = cell(peakDb);
	return Array.from({length: cells}, (_, i) => {
		if (i < full) return marks.barFull;
		return i === peak - 1 ? marks.barPeak : marks.barEmpty;
	}).join('');
}

const decibels = (db: number) => `${Number.isFinite(db) ? Math.round(Math.max(-99, db)) : -99} dB`;

/** The last minute's values in `cells` cells, newest last; each shows the highest of its time. A full cell is an RTF of 1 or more: behind. */
export function sparkline(values: readonly number[], cells: number, marks: Marks): string {
	const perCell = Math.ceil(60 / cells);
	const levels: string[] = [];
	for (let end = values.length; end > 0 && levels.length < cells; end -= perCell) {
		const highest = Math.max(...values.slice(Math.max(0, end - perCell), end));
		const step = Math.floor(Math.max(0, highest) * (marks.levels.length - 1));
		levels.unshift(marks.levels[Math.min(marks.levels.length - 1, step)]!);
	}
	return levels.join('');
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
