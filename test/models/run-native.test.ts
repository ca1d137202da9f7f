import assert from 'node:assert/strict';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {runNative} from '../../src/models/run-native.js';
import {temporaryFolder} from '../convert/temporary-folder.js';
import {projectRoot} from '../project-root.js';

const task = {type: 'try', modelDir: path.join(projectRoot, 'models', 'embedded')} as const;

/** Has a program of this text do the task. */
async function runProgram(t: TestContext, text: string) {
	const program = path.join(await temporaryFolder(t), 'program.mjs');
	await writeFile(program, text);
	return runNative(task, {program});
}

test('the child captions eight frames with the embedded model', async () => {
	assert.equal(await runNative(task), null);
});

test('what the task finds wrong is thrown here', async t => {
	const modelDir = await temporaryFolder(t);
	await assert.rejects(runNative({type: 'try', modelDir}), {
		name: 'EngineError',
		code: 'bad-package',
		message: /model\.json cannot be read/,
	});
});

for (const [signal, message] of [
	['SIGILL', /^This processor lacks an instruction that the installed ONNX Runtime uses \(SIGILL\): install /],
	['SIGSEGV', /native code crashed \(SIGSEGV\)/],
	['SIGKILL', /most likely because memory ran out/],
	['SIGTERM', /was ended by SIGTERM/],
] as const) {
	test(`a child that dies of ${signal} is a sentence`, async t => {
		await assert.rejects(runProgram(t, `process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000);`), {
			name: 'ModelError',
			code: 'native',
			message,
		});
	});
}

test('a child that says nothing, or nonsense, is a sentence', async t => {
	await assert.rejects(runProgram(t, 'process.exit(3);'), /ended with exit code 3/);
	await assert.rejects(runProgram(t, "console.log('hello');"), /ended with exit code 0/);
});

test('noise before the answer does not matter', async t => {
	assert.equal(await runProgram(t, "console.log('PortAudio V19'); console.log('{\"answer\":null}');"), null);
});

test('an interruption ends the child', async t => {
	const program = path.join(await temporaryFolder(t), 'program.mjs');
	await writeFile(program, 'setInterval(() => {}, 1000);');
	const controller = new AbortController();
	const run = runNative(task, {program, signal: controller.signal});
	controller.abort(new Error('enough'));
	await assert.rejects(run, /enough/);
});
