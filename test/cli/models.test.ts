import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {machineKey} from '../../src/engine/machine-key.js';
import {writeTinyKyutai} from '../convert/tiny-kyutai.js';
import {type Hub, startHub} from '../models/hub.js';
import {fixture, run, start} from './command.js';

// The commands as they are typed, on a tiny checkpoint of Kyutai's kind behind a hub on this machine.

const id = 'tiny-kyutai';
let root: string;
let checkpoint: string;
/** Who pulled the model once, for all tests. */
let puller: User;

before(async () => {
	root = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-models-'));
	checkpoint = path.join(root, 'checkpoint');
	await writeTinyKyutai(checkpoint);
	puller = new User();
	const hub = await startHub({after}, checkpoint);
	const args = ['models', 'pull', id, '--base-url', hub.url, '--catalogue', writeCatalogue(), '--yes'];
	const {code, stdout, stderr} = await puller.run(...args);
	assert.deepEqual([code, stdout], [0, ''], stderr);
});

after(() => rmSync(root, {recursive: true}));

/** A user of their own, who has nothing yet. */
class User {
	readonly folder = mkdtempSync(path.join(root, 'user-'));
	readonly data = path.join(this.folder, 'data', 'pi-caption');
	readonly package = path.join(this.data, 'models', id);
	readonly env: Record<string, string> = {
		XDG_CACHE_HOME: path.join(this.folder, 'cache'),
		XDG_CONFIG_HOME: path.join(this.folder, 'config'),
		XDG_DATA_HOME: path.join(this.folder, 'data'),
		XDG_STATE_HOME: path.join(this.folder, 'state'),
	};

	constructor() {
		// Timing layers is tested elsewhere.
		const folder = path.join(this.data, 'machines', machineKey());
		mkdirSync(folder, {recursive: true});
		const scheme = {formatVersion: 1, machine: machineKey(), scheme: '8-bit', layerMs: {'8-bit': 1, '4-bit': 2}};
		writeFileSync(path.join(folder, 'scheme.json'), JSON.stringify(scheme));
	}

	run = (...args: string[]) => run(args, {env: this.env});
	start = (...args: string[]) => start(args, {env: this.env});

	/** The one prepared copy of the package. */
	get prepared(): string {
		const folder = path.join(this.package, 'prepared');
		return path.join(folder, readdirSync(folder)[0]!);
	}
}

/** The checkpoint in a catalogue, where `change` may make something of it. */
function writeCatalogue(change: (model: ReturnType<typeof catalogueModel>) => void = () => {}): string {
	const model = catalogueModel();
	change(model);
	const file = path.join(mkdtempSync(path.join(root, 'catalogue-')), 'catalogue.json');
	writeFileSync(file, JSON.stringify({formatVersion: 1, models: [model]}));
	return file;
}

function catalogueModel() {
	const sizes = {package: 1_000_000, prepared: 2_000_000};
	return {
		id,
		name: 'Tiny Kyutai',
		summary: 'for tests',
		languages: ['en', 'fr'],
		licence: {name: 'CC-BY-4.0', attribution: 'Nobody, who made it up'},
		repository: 'nobody/tiny',
		revision: 'a'.repeat(40),
		files: readdirSync(checkpoint).map(name => {
			const bytes = readFileSync(path.join(checkpoint, name));
			const sha256: string | undefined = name.endsWith('.json')
				? undefined
				: createHash('sha256').update(bytes).digest('hex');
			return {name, size: bytes.length, sha256};
		}),
		bytes: {'4-bit': sizes, '8-bit': sizes, fp32: sizes},
	};
}

const pullArgs = (hub: Hub, catalogue: string, ...more: string[]) => [
	...['models', 'pull', id, '--base-url', hub.url, '--catalogue', catalogue],
	...more,
];

/** A user who has pulled the model. */
function pulled(): User {
	const user = new User();
	cpSync(puller.data, user.data, {recursive: true});
	return user;
}

const flip = (file: string) => {
	const bytes = readFileSync(file);
	bytes[bytes.length >> 1]! ^= 1;
	writeFileSync(file, bytes);
};

test('a model is pulled, converted, prepared, listed, verified, used and removed', async () => {
	const user = pulled();
	assert.deepEqual(readdirSync(path.join(user.data, 'models')), [id]);
	assert.deepEqual(readdirSync(path.join(user.data, 'checkpoints')), []);
	assert.deepEqual(
		readdirSync(user.prepared)
			.filter(name => name !== 'checked.json')
			.sort(),
		['frontend.onnx', 'frontend.weights', 'lm.onnx', 'lm.weights', 'prepared.json'],
	);

	const list = await user.run('models', 'list');
	assert.match(
		list.stdout,
		/^tiny-kyutai +Tiny Kyutai; en, fr; 8-bit, .*; CC-BY-4\.0\n +installed; prepared; for `redo`/m,
	);
	assert.match(
		list.stdout,
		/^kyutai-1b +Kyutai STT 1B.*\n +not here: `pi-caption models pull kyutai-1b` downloads 2\.4 GB$/m,
	);
	const json = JSON.parse((await user.run('models', 'list', '--json')).stdout);
	assert.equal(json.here.find((one: {id: string}) => one.id === id).isLive, false);

	const verified = await user.run('models', 'verify', id);
	assert.deepEqual(
		[verified.code, verified.stdout],
		[0, 'tiny-kyutai: all 5 files are whole; prepared, and the copy is whole.\n'],
	);

	const captions = await user.run('transcribe', '--model', id, fixture('audio/jfk.wav'));
	assert.equal(captions.code, 0, captions.stderr);
	assert.match(captions.stdout, /\w/);
	// Nothing of the package's own graphs is needed any more.
	rmSync(path.join(user.package, 'lm.weights'));
	assert.deepEqual(await user.run('transcribe', '--model', id, fixture('audio/jfk.wav')), captions);

	const removed = await user.run('models', 'remove', id, '--yes');
	assert.deepEqual([removed.code, removed.stderr], [0, 'tiny-kyutai is removed.\n']);
	assert.deepEqual(readdirSync(path.join(user.data, 'models')), []);
});

test('licence, download and disk are said first, and without an answer nothing is downloaded', async t => {
	const user = new User();
	const hub = await startHub(t, checkpoint);
	const {code, stderr} = await user.run(...pullArgs(hub, writeCatalogue()));
	assert.equal(code, 2);
	assert.match(stderr, /^Licence CC-BY-4\.0: Nobody, who made it up$/m);
	assert.match(stderr, /^It downloads \d+ kB and takes \d+ MB of the disk at most, 3 MB in the end; .* are free\.$/m);
	assert.match(stderr, /say --yes/);
	assert.deepEqual(hub.asked, []);
});

test('a pull that was interrupted goes on where it stopped', async t => {
	const user = new User();
	const hub = await startHub(t, checkpoint);
	const large = 'model.safetensors';
	const half = readFileSync(path.join(checkpoint, large)).length >> 1;
	hub.fault = (_request, response, {name, bytes, from, nth}) => {
		if (name !== large || nth > 1) return false;
		response.writeHead(200, {'content-length': bytes.length});
		response.write(bytes.subarray(from, half));
		return true;
	};
	const args = pullArgs(hub, writeCatalogue(), '--yes', '--json');
	const first = user.start(...args);
	await hub.isAsked(({path}) => path === `/cdn/${large}`);
	const partial = path.join(user.data, 'checkpoints', `${id}-aaaaaaaa`, `${large}.partial`);
	while (statSync(partial, {throwIfNoEntry: false})?.size !== half) await turn();
	first.child.kill('SIGINT');
	const {code, stderr} = await first.ended;
	assert.equal(code, 130);
	assert.match(stderr, /Interrupted; what was downloaded stays: the same command goes on with it\.\n$/);

	const second = await user.run(...args);
	assert.equal(second.code, 0, second.stderr);
	assert.equal(hub.asked.filter(({path}) => path === `/cdn/${large}`).at(-1)!.range, `bytes=${half}-`);
	assert.equal(hub.asked.filter(({path}) => path === '/cdn/config.json').length, 1);
	const events = second.stdout
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line));
	assert.deepEqual([events[0].type, events.at(-1).type], ['plan', 'done']);
	assert.deepEqual([...new Set(events.map(({type}) => type))], ['plan', 'download', 'convert', 'prepare', 'done']);
});

test('what the catalogue does not know is refused, and nothing is installed', async t => {
	const hub = await startHub(t, checkpoint);
	for (const [change, message] of [
		[
			model => {
				model.files.find(({sha256}) => sha256)!.sha256 = '0'.repeat(64);
			},
			/has another sha256 than the catalogue says/,
		],
		[
			model => {
				model.files[0]!.size++;
			},
			/should have \d+ bytes and has \d+/,
		],
		[
			model => {
				model.files.find(({sha256}) => sha256)!.sha256 = undefined;
			},
			/has no sha256/,
		],
		[
			model => {
				model.files[1]!.name = '../../evil.safetensors';
			},
			/catalogue .* is refused: models\.0\.files\.1\.name/,
		],
		[
			model => {
				model.files[1]!.name = 'missing.safetensors';
			},
			/is not to be had \(404\)/,
		],
	] as [(model: ReturnType<typeof catalogueModel>) => void, RegExp][]) {
		const user = new User();
		const {code, stderr} = await user.run(...pullArgs(hub, writeCatalogue(change), '--yes'));
		assert.equal(code, 1);
		assert.match(stderr, message);
		assert.equal(readdirSync(user.data).includes('models'), false);
	}
});

test('a model that is installed is not pulled over, unless that is asked for', async t => {
	const user = pulled();
	const hub = await startHub(t, checkpoint);
	const again = await user.run(...pullArgs(hub, writeCatalogue(), '--yes'));
	assert.deepEqual([again.code, hub.asked.length], [1, 0]);
	assert.match(again.stderr, /is installed: `pi-caption models remove tiny-kyutai` first, or say --replace/);
	const {code} = await user.run(...pullArgs(hub, writeCatalogue(), '--yes', '--replace', '--keep'));
	assert.equal(code, 0);
	assert.deepEqual(readdirSync(path.join(user.data, 'checkpoints', `${id}-aaaaaaaa`)), readdirSync(checkpoint));
});

test('one flipped byte is found by verify, in the package and in the prepared copy', async () => {
	const user = pulled();
	const copy = path.join(user.prepared, 'lm.weights');
	flip(copy);
	const damagedCopy = await user.run('models', 'verify', id);
	assert.equal(damagedCopy.code, 1);
	assert.match(damagedCopy.stdout, /its prepared copy is damaged and is not used: `pi-caption models prepare`/);

	flip(path.join(user.package, 'lm.onnx'));
	const damaged = await user.run('models', 'verify', id);
	assert.equal(damaged.code, 1);
	assert.match(damaged.stdout, /lm\.onnx is damaged: its sha256 is not the one in model\.json/);
	const unprepared = await user.run('models', 'prepare', id);
	assert.equal(unprepared.code, 1);
	assert.match(unprepared.stderr, /^tiny-kyutai is not prepared: .*lm\.onnx is damaged.*\n$/);
	assert.equal((await user.run('transcribe', '--model', id, fixture('audio/jfk.wav'))).code, 1);

	flip(path.join(user.package, 'lm.onnx'));
	const prepared = await user.run('models', 'prepare', id);
	assert.deepEqual([prepared.code, prepared.stderr], [0, 'tiny-kyutai is prepared.\n']);
	assert.equal((await user.run('models', 'verify', id)).code, 0);
});

test('a damaged prepared copy is ignored: the captions are those of the package', async () => {
	const user = pulled();
	const transcribe = () => user.run('transcribe', '--model', id, fixture('audio/jfk.wav'));
	const whole = await transcribe();
	for (const name of ['lm.weights', 'frontend.onnx', 'prepared.json']) {
		flip(path.join(user.prepared, name));
		assert.deepEqual(await transcribe(), whole, name);
	}
	rmSync(path.join(user.package, 'prepared'), {recursive: true});
	assert.deepEqual(await transcribe(), whole);
});

test('a checkpoint that is here is converted by the command, and its first fault is named', async () => {
	const user = new User();
	const {code, stderr} = await user.run('models', 'convert', checkpoint, '--id', 'mine', '--scheme', '4-bit');
	assert.equal(code, 0, stderr);
	assert.match(stderr, /^The package is in .*mine: `pi-caption models prepare mine` makes it load fast\.\n$/);
	assert.equal((await user.run('transcribe', '--model', 'mine', fixture('audio/jfk.wav'))).code, 0);
	assert.equal((await user.run('models', 'convert', checkpoint, '--id', 'mine', '--scheme', '4-bit')).code, 1);

	const cut = path.join(user.folder, 'cut');
	await writeTinyKyutai(cut);
	writeFileSync(
		path.join(cut, 'model.safetensors'),
		readFileSync(path.join(cut, 'model.safetensors')).subarray(0, 200_000),
	);
	const refused = await user.run('models', 'convert', cut, '--scheme', '4-bit');
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /^.*model\.safetensors ends inside the tensor "transformer\.layers\.0[^\n]*\n$/);
	assert.deepEqual(readdirSync(path.join(user.data, 'models')), ['mine']);
});

test('what a killed conversion left is gone after the next one', async () => {
	const user = new User();
	const models = path.join(user.data, 'models');
	const left = path.join(models, `.mine.${2 ** 22 - 1}-1.0123abcd.partial`);
	mkdirSync(left, {recursive: true});
	const args = ['models', 'convert', checkpoint, '--id', 'mine', '--scheme', '8-bit', '--json'];
	const killed = user.start(...args);
	await killed.says(/"fraction":0\.[1-9]/);
	killed.child.kill('SIGKILL');
	await killed.ended;
	const {code, stderr} = await user.run(...args, '--replace');
	assert.equal(code, 0, stderr);
	assert.deepEqual(readdirSync(models), ['mine']);
});

test('wrong usage is said in one sentence', async () => {
	const user = new User();
	for (const [args, message] of [
		[['pull', 'nothing'], /There is no model `nothing` to pull; there are: kyutai-1b, kyutai-2\.6b\./],
		[['remove', 'embedded', '--yes'], /comes with pi-caption and stays/],
		[['remove', 'nothing', '--yes'], /There is no model `nothing` to remove/],
		[['verify', 'nothing'], /There is no model `nothing`; known here: embedded/],
		[['prepare', 'nothing'], /There is no model `nothing`/],
		[['convert', checkpoint, '--id', '../evil'], /is no id for a model/],
		[['convert', checkpoint, '--id', 'embedded'], /comes with pi-caption: give another id/],
		[['frobnicate'], /unknown command/i],
	] as [string[], RegExp][]) {
		const {code, stdout, stderr} = await user.run('models', ...args);
		assert.deepEqual([code, stdout], [2, ''], args.join(' '));
		assert.match(stderr, message);
		assert.match(stderr, /^[^\n]+\n$/);
	}
});
