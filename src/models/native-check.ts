import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {machineKey} from '../engine/machine-key.js';
import {readJsonRecord, writeJsonRecord} from '../system/atomic-file.js';
import {dataFolder} from '../system/folders.js';
import {ModelError} from './model-error.js';
import {embeddedId, modelFolders} from './model-store.js';
import {type NativeOptions, runNative} from './run-native.js';

const nativeRecord = z.object({formatVersion: z.literal(1), machine: z.string().max(200)});

/**
 * Makes sure that the installed ONNX Runtime runs on this processor, before this process calls it: the first time after an installation or on another machine, a child process captions
 * eight frames, half a second's work; then it is written down. Throws `ModelError` with what became of the child.
 */
export async function checkNative(options: NativeOptions = {}): Promise<void> {
	const machine = machineKey();
	const file = path.join(dataFolder, 'machines', machine, 'native.json');
	if ((await readJsonRecord(file, nativeRecord))?.machine === machine) return;
	try {
		await runNative({type: 'try', modelDir: path.join(modelFolders.shipped, embeddedId)}, options);
	} catch (error) {
		// What is wrong with the model, its own loading says.
		if (error instanceof ModelError || options.signal?.aborted) throw error;
		return;
	}
	// Where nothing can be written down, it is done every time.
	await mkdir(path.dirname(file), {recursive: true, mode: 0o700}).catch(() => {});
	await writeJsonRecord(file, {formatVersion: 1, machine}).catch(() => {});
}
