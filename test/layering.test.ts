import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from './project-root.js';

// Design §3: imports point down only. A layer may import itself and what stands further right.
const layers = ['cli', 'ui', 'recorder', 'capture', 'models', 'convert', 'engine', 'session', 'audio', 'system'];

/** Each native or heavy package has one door. */
const doors: Record<string, RegExp> = {
	'onnxruntime-node': /^engine\/onnx\.ts$/,
	naudiodon: /^audio\/portaudio\//,
	koffi: /^audio\/portaudio\//,
	ink: /^ui\//,
	react: /^ui\//,
	'log-update': /^ui\//,
	commander: /^cli\//,
};

type Import = {from: string; to: string};

const sources = path.join(projectRoot, 'src');
const imports: Import[] = sourceFiles().flatMap(from =>
	specifiers(readFileSync(path.join(sources, from), 'utf8')).map(to => ({from, to})),
);

function sourceFiles(): string[] {
	return readdirSync(sources, {recursive: true, encoding: 'utf8'}).filter(file => /\.tsx?$/.test(file));
}

function specifiers(code: string): string[] {
	return [...code.matchAll(/(?:\bfrom|\bimport\(|^import)\s*['"]([^'"]+)['"]/gm)].map(match => match[1]!);
}

const layerOf = (file: string) => file.split(path.sep)[0]!;

test('every source file belongs to a layer', () => {
	assert.deepEqual(
		[...new Set(sourceFiles().map(layerOf))].filter(layer => !layers.includes(layer)),
		[],
	);
});

test('imports between layers point down', () => {
	const upward = imports.filter(({from, to}) => {
		if (!to.startsWith('.')) return false;
		const target = layerOf(path.normalize(path.join(path.dirname(from), to)));
		return layers.indexOf(target) < layers.indexOf(layerOf(from));
	});
	assert.deepEqual(upward, []);
});

test('the screen never sees the engine', () => {
	const seen = imports.filter(({from, to}) => layerOf(from) === 'ui' && /\/(engine|convert|models|capture)\//.test(to));
	assert.deepEqual(seen, []);
});

test('each native or heavy package has one door', () => {
	const elsewhere = imports.filter(({from, to}) => {
		const name = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : to.split('/')[0]!;
		return doors[name] !== undefined && !doors[name].test(from);
	});
	assert.deepEqual(elsewhere, []);
});

test('only src/cli ends the process', () => {
	const enders = sourceFiles().filter(
		file =>
			layerOf(file) !== 'cli' && /\bprocess\.(exit\(|exitCode)/.test(readFileSync(path.join(sources, file), 'utf8')),
	);
	assert.deepEqual(enders, []);
});

test('the imports were found', () => {
	assert.ok(imports.length > 20);
});
