import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {type Latency, latencies, liveLatency} from '../engine/latency.js';
import {machineKey} from '../engine/machine-key.js';
import {packageSha256, preparedFolder} from '../engine/prepared-copy.js';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';

/** `bench.json` beside a prepared copy: what a model was measured to cost on this machine. */
export const benchFigures = z.object({
	formatVersion: z.literal(1),
	/** Of the `model.json` that was measured, and `machineKey` of where. */
	packageSha256: z.string().regex(/^[0-9a-f]{64}$/),
	machine: z.string().max(200),
	/** ISO 8601. */
	measuredAt: z.iso.datetime({offset: true}),
	threads: z.number().int().positive().max(1024),
	/** Sustained real-time factor, whole chain, per `--latency` that was measured, where no guess is accepted: the worst that speech can do. */
	rtf: z.partialRecord(z.enum(latencies), z.number().positive().max(10_000)),
	/** MB after load: private to the process, and mapped from the disk. */
	privateMb: z.number().nonnegative().optional(),
	mappedMb: z.number().nonnegative().optional(),
});

/** What a model was measured to cost on this machine. */
export type BenchFigures = z.infer<typeof benchFigures>;

/** What `bench` measured; where and of what is added. */
export type MeasuredFigures = Omit<BenchFigures, 'formatVersion' | 'packageSha256' | 'machine' | 'measuredAt'>;

/** Name of the file. */
export const benchFile = 'bench.json';

/** Live captions need room for the screen, the tape and a busy moment. */
const mostRtf = 0.9;

/** Keeps what was measured for the package at `modelDir` on this machine. */
export async function writeBenchFigures(modelDir: string, measured: MeasuredFigures): Promise<void> {
	const folder = await preparedFolder(modelDir);
	await mkdir(folder, {recursive: true, mode: 0o700});
	const figures: BenchFigures = {
		formatVersion: 1,
		packageSha256: await packageSha256(modelDir),
		machine: machineKey(),
		measuredAt: new Date().toISOString(),
		...measured,
	};
	await writeJsonRecord(path.join(folder, benchFile), benchFigures.parse(figures));
}

/** What was measured for the package at `modelDir` on this machine; undefined where nothing was, or another package or machine. */
export async function readBenchFigures(modelDir: string): Promise<BenchFigures | undefined> {
	const figures = await readJsonRecord(path.join(await preparedFolder(modelDir), benchFile), benchFigures);
	const isOurs = figures?.machine === machineKey() && figures.packageSha256 === (await packageSha256(modelDir));
	return isOurs ? figures : undefined;
}

/** Whether these figures say that captions keep up while people speak, at the default latency or at the one that `latency` names. */
export function canCarryLive(figures: BenchFigures | undefined, latency: Latency = liveLatency): boolean {
	const rtf = figures?.rtf[latency];
	return rtf !== undefined && rtf <= mostRtf;
}
