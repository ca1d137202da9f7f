import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {openSettings, SettingsError, settingNames} from '../../src/system/settings.js';
import {temporaryFolder} from '../temporary-folder.js';

test('without a file the defaults count, and none is made', t => {
	const folder = temporaryFolder(t);
	const settings = openSettings(path.join(folder, 'config'));
	assert.equal(settings.values.latency, 'balanced');
	assert.equal(settings.values.maxHours, 6);
	assert.equal(settings.values.minFreeMb, 500);
	assert.equal(settings.values.keepAudio, 'forever');
	assert.deepEqual([...settings.isSet], []);
	assert.deepEqual(settings.warnings, []);
	assert.deepEqual(readdirSync(path.join(folder, 'config')), []);
	assert.equal(statSync(path.join(folder, 'config')).mode & 0o777, 0o700);
});

const accepts = (name: string, text: string, value: unknown) =>
	test(`${name} can be set to ${text}`, t => {
		const folder = temporaryFolder(t);
		openSettings(folder).set(name, text);
		const settings = openSettings(folder);
		assert.deepEqual(settings.values[name as keyof typeof settings.values], value);
		assert.deepEqual([...settings.isSet], [name]);
		assert.equal(statSync(settings.file).mode & 0o777, 0o600);
	});

accepts('latency', 'saver', 'saver');
accepts('device', 'USB microphone', 'USB microphone');
accepts('device', '3', '3');
accepts('channel', '2', 2);
accepts('channel', 'mix', 'mix');
accepts('bell', 'true', true);
accepts('maxHours', '1.5', 1.5);
accepts('minFreeMb', '0', 0);
accepts('sessionsFolder', '/media/card', '/media/card');
accepts('keepAudio', 'until-transcribed', 'until-transcribed');

const refuses = (name: string, text: string, why: RegExp) =>
	test(`${name} cannot be set to ${text}`, t => {
		const folder = temporaryFolder(t);
		const settings = openSettings(folder);
		assert.throws(
			() => settings.set(name, text),
			error => error instanceof SettingsError && why.test(error.message) && error.message.includes(text),
		);
		assert.deepEqual(readdirSync(folder), []);
	});

refuses('latency', 'fast', /latency/);
refuses('channel', '0', /`mix` or a number from 1 to 64/);
refuses('bell', 'perhaps', /bell/);
refuses('maxHours', '-1', /maxHours/);
refuses('sessionsFolder', 'here', /absolute path/);

test('an unknown setting is refused with the list of what there is', t => {
	const settings = openSettings(temporaryFolder(t));
	assert.throws(() => settings.set('latancy', 'low'), /There is no setting `latancy`; there are .*latency/);
	assert.throws(() => settings.unset('latancy'), /There is no setting/);
	assert.throws(() => settings.set('keys', 'm'), /keys\.ACTION/);
});

test('one key after the other is set and unset', t => {
	const folder = temporaryFolder(t);
	const settings = openSettings(folder);
	settings.set('keys.mark', 'M');
	settings.set('keys.pause', '1');
	assert.deepEqual(openSettings(folder).values.keys, {mark: 'M', pause: '1'});
	settings.unset('keys.mark');
	assert.deepEqual(openSettings(folder).values.keys, {pause: '1'});
	settings.unset('keys.pause');
	assert.deepEqual([...openSettings(folder).isSet], []);
});

test('what is unset counts as the default again', t => {
	const folder = temporaryFolder(t);
	const settings = openSettings(folder);
	settings.set('latency', 'low');
	settings.unset('latency');
	assert.equal(settings.values.latency, 'balanced');
	assert.deepEqual(JSON.parse(readFileSync(settings.file, 'utf8')), {});
});

const broken = (title: string, text: string) =>
	test(`${title} is set aside, whole, and said`, t => {
		const folder = temporaryFolder(t);
		writeFileSync(path.join(folder, 'settings.json'), text);
		const settings = openSettings(folder);
		const [aside, ...others] = readdirSync(folder);
		assert.deepEqual(others, []);
		assert.match(aside!, /^settings\.broken-\d{4}-\d{2}-\d{2}T.*\.json$/);
		assert.equal(readFileSync(path.join(folder, aside!), 'utf8'), text);
		assert.equal(settings.warnings.length, 1);
		assert.ok(settings.warnings[0]!.includes(aside!));
		settings.set('latency', 'low');
		assert.equal(openSettings(folder).values.latency, 'low');
		assert.equal(readFileSync(path.join(folder, aside!), 'utf8'), text);
	});

broken('a file that is no JSON', '{"latency": "low",');
broken('an empty file', '');
broken('a list', '[1, 2]');
broken('a null', 'null');

test('a value that cannot be does not count, and stays in the file with what is unknown', t => {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'settings.json');
	writeFileSync(file, JSON.stringify({latency: 'fast', bell: true, futureSetting: {a: 1}}));
	const settings = openSettings(folder);
	assert.equal(settings.values.latency, 'balanced');
	assert.equal(settings.values.bell, true);
	assert.equal(settings.warnings.length, 2);
	assert.match(settings.warnings[0]!, /`latency` .*the default counts/);
	assert.match(settings.warnings[1]!, /`futureSetting` is no setting/);
	settings.set('plain', 'true');
	assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
		latency: 'fast',
		bell: true,
		futureSetting: {a: 1},
		plain: true,
	});
});

test('the file is for its owner alone, also when it was made otherwise', t => {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'settings.json');
	writeFileSync(file, '{}', {mode: 0o644});
	openSettings(folder).set('bell', 'true');
	assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('settings that cannot be read are one sentence', t => {
	const folder = temporaryFolder(t);
	mkdirSync(path.join(folder, 'settings.json'));
	assert.throws(
		() => openSettings(folder),
		error => error instanceof SettingsError && /cannot be read \(EISDIR\)/.test(error.message),
	);
});

test('every setting has a name that is one word', () => {
	for (const name of settingNames) assert.match(name, /^[a-zA-Z]+$/);
});
