import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {type Action, createKeymap, keyLabel, keyTable, modes, textModes} from '../../../src/ui/live/keymap.js';
import {projectRoot} from '../../project-root.js';

const {keymap, problems} = createKeymap();

test('no two actions of a mode share a key', () => {
	for (const mode of modes) {
		const keys = keymap.actions(mode).flatMap(({keys}) => keys);
		assert.deepEqual(keys, [...new Set(keys)], mode);
		assert.ok(keys.length > 0);
	}
	assert.deepEqual(problems, []);
});

test('every key of the table is found again by its mode', () => {
	for (const mode of modes) {
		for (const {action, keys} of keymap.actions(mode)) {
			for (const key of keys) assert.equal(keymap.action(mode, key), action);
		}
	}
	assert.equal(keymap.action('captions', 'x'), undefined);
});

test('where text is typed, no single character is a command', () => {
	for (const mode of textModes) {
		for (const {keys} of keymap.actions(mode))
			assert.deepEqual(
				keys.filter(key => [...key].length === 1),
				[],
				mode,
			);
	}
});

test('every mode is left by Ctrl-C or asks, and each dialogue by Escape', () => {
	for (const mode of modes) {
		assert.equal(keymap.action(mode, 'ctrl+c'), mode === 'captions' ? 'askLeave' : 'leave');
		if (mode !== 'captions') assert.equal(keymap.action(mode, 'escape'), 'cancel');
	}
});

test('the keys are those that were agreed', () => {
	const agreed: [string, Action][] = [
		['r', 'record'],
		['m', 'mark'],
		['N', 'note'],
		['e', 'export'],
		['/', 'search'],
		['n', 'next'],
		['p', 'previous'],
		['pageup', 'pageUp'],
		['pagedown', 'pageDown'],
		['home', 'home'],
		['end', 'end'],
		['j', 'lineDown'],
		['k', 'lineUp'],
		['z', 'captionsOnly'],
		['t', 'look'],
		['d', 'detach'],
		['?', 'help'],
		['q', 'stop'],
	];
	for (const [key, action] of agreed) assert.equal(keymap.action('captions', key), action, key);
	assert.deepEqual(
		['d', 'return', 's', 'escape', 'ctrl+c'].map(key => keymap.action('leaving', key)),
		['detach', 'detach', 'stop', 'cancel', 'leave'],
	);
});

test('settings give an action another key', () => {
	const changed = createKeymap({mark: 'x', 'leaving.stop': 'x', lineUp: 'PageUp2'});
	assert.deepEqual(changed.problems, []);
	assert.equal(changed.keymap.action('captions', 'x'), 'mark');
	assert.equal(changed.keymap.action('captions', 'm'), undefined);
	assert.equal(changed.keymap.action('leaving', 'x'), 'stop');
	assert.equal(changed.keymap.action('captions', 'pageup2'), 'lineUp');
});

const refusals: [string, Record<string, string>, RegExp][] = [
	['an unknown action', {marc: 'x'}, /no action "marc"/],
	['an action of another mode', {'leaving.mark': 'x'}, /no action "leaving.mark"/],
	['an action of no mode', {'nowhere.mark': 'x'}, /no action "nowhere.mark"/],
	['a key that is taken', {mark: 'r'}, /r cannot be "mark", it is "record"/],
	['no key', {mark: ''}, /"mark" needs a key/],
	['an inherited name', {constructor: 'x', 'captions.toString': 'x'}, /no action "constructor"/],
];
for (const [what, changes, sentence] of refusals) {
	test(`${what} in the settings leaves the keys as they were, with a sentence`, () => {
		const {keymap: kept, problems} = createKeymap(changes);
		assert.match(problems.join('\n'), sentence);
		assert.equal(problems.length, Object.keys(changes).length);
		assert.deepEqual(modes.map(kept.actions), modes.map(keymap.actions));
	});
}

test('two actions may swap their keys', () => {
	const {keymap, problems} = createKeymap({mark: 'x', note: 'm', search: 'N'});
	assert.deepEqual(problems, []);
	assert.equal(keymap.action('captions', 'm'), 'note');
	assert.equal(keymap.action('captions', 'N'), 'search');
});

test('keys are written as they stand on a keyboard', () => {
	const labels = ['ctrl+c', 'ctrl+x', 'escape', 'pageup', 'up', 'N', '/'].map(key => keyLabel(key));
	assert.deepEqual(labels, ['Ctrl-C', 'Ctrl-X', 'Esc', 'PgUp', '↑', 'N', '/']);
	assert.equal(keyLabel('up', true), 'up');
});

test('the README lists the keys as they are', () => {
	const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
	assert.ok(readme.includes(keyTable(keymap)), keyTable(keymap));
});
