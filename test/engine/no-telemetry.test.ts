import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {command, fixture} from '../cli/command.js';

test('ONNX Runtime neither gives this machine a number nor keeps reports to send', t => {
	const home = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-'));
	t.after(() => rmSync(home, {recursive: true}));
	const {ORT_DISABLE_TELEMETRY, CI, ...inherited} = process.env;
	const folders = ['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'];
	const {status} = spawnSync(process.execPath, [command, 'transcribe', fixture('audio/jfk.wav')], {
		env: {...inherited, HOME: home, ...Object.fromEntries(folders.map(name => [name, path.join(home, name)]))},
	});
	assert.equal(status, 0);
	const left = readdirSync(home, {recursive: true, encoding: 'utf8'});
	assert.deepEqual(
		left.filter(name => /microsoft|onnxruntime|deviceid/i.test(name)),
		[],
	);
});
