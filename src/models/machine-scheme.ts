import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import type {Scheme} from '../convert/linear.js';
import {convertLm} from '../convert/lm-graph.js';
import {Safetensors} from '../convert/safetensors.js';
import {syntheticCheckpoint} from '../convert/synthetic-checkpoint.js';
import {defaultThreads} from '../engine/client.js';
import {framesPerCall, liveLatency} from '../engine/latency.js';
import {machineKey} from '../engine/machine-key.js';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {cacheFolder, dataFolder} from '../system/folders.js';
import {runNative} from './run-native.js';
import type {TimedLayer} from './time-layers.js';

/** What the layer of each scheme took on this machine, and which one is taken from now on. */
const schemeRecord = z.object({
	formatVersion: z.literal(1),
	machine: z.string().max(200),
	scheme: z.enum(['8-bit', '4-bit']),
	/** Milliseconds of one call. */
	layerMs: z.object({'8-bit': z.number().positive(), '4-bit': z.number().positive()}),
});

/** The scheme of this machine, and what it was chosen by. */
export type MachineScheme = Pick<z.infer<typeof schemeRecord>, 'scheme' | 'layerMs'>;

const schemes = ['4-bit', '8-bit'] as const;

/** 4 bits take half the room and half the disk: 8 bits must be worth it. */
const worthwhile = 0.9;

/** The scheme that was chosen for this machine, undefined where none was. */
export async function storedScheme(): Promise<MachineScheme | undefined> {
	const record = await readJsonRecord(schemeFile(), schemeRecord);
	return record?.machine === machineKey() ? record : undefined;
}

/**
 * Times one layer of Kyutai's 1B model in both schemes on this machine, takes the faster one and stores that: which one it is depends on the processor's
 * instructions (a Pi 4 has no dot product). Throws `ModelError`, `EngineError`.
 */
export async function chooseScheme({signal}: {signal?: AbortSignal} = {}): Promise<MachineScheme> {
	await mkdir(cacheFolder, {recursive: true, mode: 0o700});
	const folder = await mkdtemp(path.join(cacheFolder, 'layers-'));
	try {
		const layers: TimedLayer[] = [];
		for (const scheme of schemes) layers.push(await makeLayer(path.join(folder, scheme), scheme, signal));
		const rows = framesPerCall[liveLatency];
		const times = await runNative({type: 'time-layers', layers, rows, threads: defaultThreads()}, {signal});
		const layerMs = {'8-bit': times['8-bit']!, '4-bit': times['4-bit']!};
		const scheme = layerMs['8-bit'] < worthwhile * layerMs['4-bit'] ? '8-bit' : '4-bit';
		await mkdir(path.dirname(schemeFile()), {recursive: true, mode: 0o700});
		await writeJsonRecord(schemeFile(), {formatVersion: 1, machine: machineKey(), scheme, layerMs});
		return {scheme, layerMs};
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}

async function makeLayer(folder: string, scheme: Scheme, signal: AbortSignal | undefined): Promise<TimedLayer> {
	await mkdir(folder);
	const {config, lm} = syntheticCheckpoint('kyutai-1b');
	const checkpoint = await Safetensors.open(lm, 'synthetic layer');
	const shape = await convertLm(folder, {
		checkpoint,
		config: {...config, num_layers: 1, n_q: 1, extra_heads_num_heads: 0},
		scheme,
		takesFeatures: false,
		onProgress: () => signal?.throwIfAborted(),
	});
	return {scheme, folder, shape};
}

const schemeFile = () => path.join(dataFolder, 'machines', machineKey(), 'scheme.json');
