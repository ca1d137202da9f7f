import {framesPerCall} from '../engine/latency.js';
import type {BenchReport, MemoryNow} from '../models/bench/bench-model.js';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';

/** Where and of what a report is. `padding`: the share of PAD that was heard, of a synthetic model alone. */
export type BenchSubject = {
	machine: {processor: string; cores: number; node: string; onnxRuntime: string; measuredAt: string};
	description: string;
	padding: number | undefined;
};

/** What was measured, for people. */
export function benchReport(report: BenchReport, {machine, description, padding}: BenchSubject): string {
	const {manifest, threads, latency, stages, predicted} = report;
	const {bytes} = stages;
	const T = framesPerCall[latency];
	const read = bytes.lmWeights + bytes.keysAndValues;
	const threadsText = threads === 1 ? '1 thread' : `${threads} threads`;
	const lines = [
		row(
			'Machine',
			`${machine.cores} × ${machine.processor}, Node ${machine.node}, ONNX Runtime ${machine.onnxRuntime}`,
		),
		row(
			'Model',
			`${safeLine(description)}; ${manifest.quantisation}, ${threadsText}; ${machine.measuredAt.slice(0, 10)}`,
		),
		row(
			'Load',
			`${(report.loadMs / 1000).toFixed(1)} s, ${report.isPrepared ? 'the prepared copy' : 'the package itself: there is no prepared copy'}`,
		),
		row('Memory', memoryText(report.loaded)),
		'',
		`${'Stage, mean'.padEnd(34)}${'ms a call'.padStart(10)}${'ms a frame'.padStart(12)}`,
		...Object.entries(stages.frontendMs).map(([frames, ms]) => stage('frontend', Number(frames), ms)),
		...Object.entries(stages.lmMs).map(([positions, ms]) => stage('decoder', Number(positions), ms)),
		stageRow('keys and values of a frame', stages.commitMs, stages.commitMs),
		stageRow('token of a frame', stages.tokenMs, stages.tokenMs),
		'',
		row(
			'Reads',
			`${megabytes(bytes.lmWeights)} of weights and ${megabytes(bytes.keysAndValues)} of keys and values a call of the decoder, ${megabytes(bytes.frontendWeights)} a call of the frontend`,
		),
		row(
			'Bandwidth',
			`${gigabytes(stages.bandwidth)} (measured between the calls); the decoder reads ${gigabytes((1000 * read) / stages.lmMs[1]!)} with one frame a call: ${percent(stages.bandwidthShare)}`,
		),
		row(
			'Predicted',
			`RTF ${predicted[latency].worst.toFixed(2)} if no guess is right, ${predicted[latency].best.toFixed(2)} if every one is (--latency ${latency}: ${frames(T)} a call)`,
		),
	];
	return [...lines, ...liveLines(report, padding)].join('\n');
}

function liveLines({live, latency}: BenchReport, padding: number | undefined): string[] {
	if (!live) return [];
	const heard = padding === undefined ? '' : `, ${percent(padding)} of it PAD`;
	const {lagMs, backlogMs} = live;
	const isBehind = backlogMs.end > behindMs;
	return [
		'',
		row('Live', `${shortTime(live.audioMs)} of audio at the pace of speech${heard}, --latency ${latency}`),
		row(
			'RTF',
			`${live.rtf.toFixed(3)}; predicted ${live.predictedRtf.toFixed(3)} from the stages and ${(live.positions / live.calls).toFixed(2)} frames accepted a call (${percent(live.paddings / live.positions)} PAD)`,
		),
		row('CPU', `${live.cpuSecondsPerMinute.toFixed(1)} s a minute of audio`),
		row(
			'Lag',
			`median ${milliseconds(lagMs.median)}, 95 % within ${milliseconds(lagMs.p95)}, at most ${milliseconds(lagMs.largest)}`,
		),
		row(
			'Backlog',
			`at most ${milliseconds(backlogMs.largest)}, at the end ${milliseconds(backlogMs.end)}${isBehind ? ': BEHIND, this machine does not carry it live' : ''}`,
		),
		row('Memory', memoryText(live.memory)),
		...(live.isModelTooBig
			? [
					row(
						'',
						`This model does not fit into the memory that is free: its weights are read from the disk again while it hears (${(live.readBackBytesPerSecond / 1e6).toFixed(0)} MB/s, ${live.majorFaultsPerSecond.toFixed(0)} major faults a second). Take a smaller one, or close other programs.`,
					),
				]
			: []),
	];
}

/** Captions of something said longer ago describe the past. */
const behindMs = 5000;

const row = (name: string, text: string) => `${name.padEnd(11)}${text}`;

const stageRow = (name: string, callMs: number, frameMs: number) =>
	`${name.padEnd(34)}${callMs.toFixed(2).padStart(10)}${frameMs.toFixed(2).padStart(12)}`;

const stage = (name: string, count: number, callMs: number) =>
	stageRow(`${name}, ${frames(count)} a call`, callMs, callMs / count);

const frames = (count: number) => (count === 1 ? '1 frame' : `${count} frames`);

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

const gigabytes = (bytesPerSecond: number) => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s`;

const percent = (part: number) => `${Math.round(100 * part)} %`;

const milliseconds = (ms: number) => `${Math.round(ms)} ms`;

const memoryText = ({privateBytes, mappedBytes, peakBytes, majorFaults}: MemoryNow) =>
	`${megabytes(privateBytes)} private, ${megabytes(mappedBytes)} mapped, ${megabytes(peakBytes)} at most; ${majorFaults} major faults`;
