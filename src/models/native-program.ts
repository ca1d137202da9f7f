import {isSameCanary, runCanary} from '../engine/delayed-streams/canary.js';
import {readManifest} from '../engine/model-package.js';
import {saveOptimisedGraph} from '../engine/onnx.js';
import {EngineError} from '../engine/protocol.js';
import type {NativeReply, NativeTask} from './native-task.js';
import {timeLayers} from './time-layers.js';

// The program of the child process that `run-native.ts` starts: one task, one line of answer.

async function perform(task: NativeTask): Promise<unknown> {
	switch (task.type) {
		case 'save-graph':
			await saveOptimisedGraph(task.file, task.target, task.weightsName);
			return null;
		case 'compare': {
			const manifest = await readManifest(task.modelDir);
			const own = await runCanary(task.modelDir, manifest, false);
			return isSameCanary(own, await runCanary(task.preparedDir, manifest, true));
		}
		case 'time-layers':
			return timeLayers(task.layers, task.rows, task.threads);
		case 'try':
			await runCanary(task.modelDir, await readManifest(task.modelDir), false);
			return null;
	}
}

async function reply(): Promise<NativeReply> {
	try {
		return {answer: await perform(JSON.parse(process.argv[2]!))};
	} catch (error) {
		const code = error instanceof EngineError ? error.code : 'failed';
		return {failure: {code, message: error instanceof Error ? error.message : String(error)}};
	}
}

process.stdout.write(`${JSON.stringify(await reply())}\n`);
