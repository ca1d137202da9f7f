import {fileURLToPath} from 'node:url';
import {execaNode} from 'execa';
import {EngineError, type EngineErrorCode} from '../engine/protocol.js';
import {ModelError} from './model-error.js';
import type {NativeAnswer, NativeReply, NativeTask} from './native-task.js';

/** `program` is for tests: what runs instead of ours. */
export type NativeOptions = {signal?: AbortSignal; program?: string};

const ownProgram = fileURLToPath(new URL('./native-program.js', import.meta.url));

/**
 * Has a child process do `task` and returns its answer. A processor that lacks an instruction, memory that does not suffice or a crash ends the child alone. Throws
 * `EngineError` for what the task itself found wrong, `ModelError` for how the child ended, the signal's reason when that aborts.
 */
export async function runNative<Task extends NativeTask>(
	task: Task,
	{signal, program = ownProgram}: NativeOptions = {},
): Promise<NativeAnswer[Task['type']]> {
	const ended = await execaNode(program, [JSON.stringify(task)], {
		cancelSignal: signal,
		forceKillAfterDelay: 1000,
		stdin: 'ignore',
		stderr: 'ignore',
		maxBuffer: 1_000_000,
		reject: false,
		nodeOptions: [],
	});
	signal?.throwIfAborted();
	if (ended.signal) throw new ModelError('native', deathSentence(ended.signal));
	const reply = parseReply(String(ended.stdout ?? ''));
	if (!reply) throw new ModelError('native', `The model's native code ended with exit code ${ended.exitCode}.`);
	if ('failure' in reply) throw new EngineError(reply.failure.code as EngineErrorCode, reply.failure.message);
	return reply.answer as NativeAnswer[Task['type']];
}

function parseReply(text: string): NativeReply | undefined {
	try {
		return JSON.parse(text.trimEnd().split('\n').at(-1)!);
	} catch {
		return undefined;
	}
}

const deaths: Record<string, string> = {
	SIGILL:
		'This processor lacks an instruction that the installed ONNX Runtime uses (SIGILL): install a build of onnxruntime-node for it, or use a 64-bit system on a Pi 3 or newer.',
	SIGKILL:
		'The system ended the process that works on the model (SIGKILL), most likely because memory ran out: close other programs, or take a smaller model.',
	SIGSEGV: 'The model’s native code crashed (SIGSEGV): install pi-caption again.',
};

const deathSentence = (signal: string) => deaths[signal] ?? `The model's native code was ended by ${signal}.`;
