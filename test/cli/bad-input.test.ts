import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {projectRoot} from '../project-root.js';
import {seededRandom} from '../session/hostile-text.js';
import {assertSameCaptions, type Ended, fixture, run, runInShell} from './command.js';
import {temporaryFolder} from './fake-host.js';

const jfk = fixture('audio/jfk.wav');
const minute = fixture('embedded/parity/minute.wav');
const noDisk = 'no file system can be mounted here';

/** One clear sentence on standard error, in one line, without a stack trace. */
function assertOneSentence({stderr}: Ended, names: RegExp): void {
	assert.match(stderr, /^[^\n]+\.\n$/);
	assert.match(stderr, names);
	assert.doesNotMatch(stderr, / at .*:\d+|Error:|node:|undefined|\[object/);
}

/** A WAV file with 0.1 s of silence; `claims` change its header. */
function wav(claims: {bits?: number; channels?: number; rate?: number; dataBytes?: number} = {}): Buffer {
	const {bits = 16, channels = 1, rate = 16_000, dataBytes = 3200} = claims;
	const frameBytes = Math.max(1, (bits * channels) >> 3);
	const header = Buffer.alloc(44);
	header.write('RIFF', 0);
	header.writeUInt32LE(36 + dataBytes, 4);
	header.write('WAVEfmt ', 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20);
	header.writeUInt16LE(channels, 22);
	header.writeUInt32LE(rate, 24);
	header.writeUInt32LE(rate * frameBytes, 28);
	header.writeUInt16LE(frameBytes, 32);
	header.writeUInt16LE(bits, 34);
	header.write('data', 36);
	header.writeUInt32LE(dataBytes, 40);
	return Buffer.concat([header, Buffer.alloc(dataBytes)]);
}

function noise(bytes: number): Buffer {
	const random = seededRandom(1);
	return Buffer.from(Array.from({length: bytes}, () => Math.floor(random() * 255)));
}

const badFiles: [title: string, name: string, content: Uint8Array | string, says: RegExp][] = [
	['an empty file', 'empty.wav', '', /empty\.wav.*empty/],
	['a truncated header', 'cut.wav', wav().subarray(0, 20), /cut\.wav.*header/],
	['zero-length data', 'zero.wav', wav({dataBytes: 0}), /zero\.wav.*no samples/],
	['a claim of 1-bit samples', 'one-bit.wav', wav({bits: 1}), /one-bit\.wav.*1-bit/],
	['a claim of nine channels', 'nine.wav', wav({channels: 9}), /nine\.wav.*9 channels/],
	['a claim of 3 Hz', 'slow.wav', wav({rate: 3}), /slow\.wav.*3 Hz/],
	['a text file named .wav', 'text.wav', 'What was said.\n'.repeat(100), /text\.wav.*text/],
	['a playlist named .m4a', 'list.m4a', '#EXTM3U\nfile:///etc/passwd\n', /list\.m4a.*text/],
	['random bytes', 'random.mp3', noise(20_000), /random\.mp3.*no recording/],
	[
		'a corrupt MP3',
		'corrupt.mp3',
		Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x0a'), noise(5000)]),
		/corrupt\.mp3.*damaged/,
	],
];

for (const [title, name, content, says] of badFiles) {
	test(`${title} is one sentence, exit code 1 and no output file`, async t => {
		const folder = temporaryFolder(t);
		const file = path.join(folder, name);
		writeFileSync(file, content);
		const ended = await run(['transcribe', file, '--output', path.join(folder, 'out.txt')]);
		assertOneSentence(ended, says);
		assert.deepEqual([ended.code, ended.stdout], [1, '']);
		assert.deepEqual(readdirSync(folder), [name]);
	});
}

test('a folder and a missing file are one sentence each', async t => {
	const folder = temporaryFolder(t);
	for (const file of [folder, path.join(folder, 'gone.wav'), path.join(jfk, 'gone.wav')]) {
		const ended = await run(['transcribe', file]);
		assertOneSentence(ended, new RegExp(file));
		assert.deepEqual([ended.code, ended.stdout], [1, '']);
	}
});

test('empty standard input is one sentence', async () => {
	const ended = await run(['transcribe', '-']);
	assertOneSentence(ended, /standard input/);
	assert.equal(ended.code, 1);
});

test('a file name cannot write to the terminal', async t => {
	const file = path.join(temporaryFolder(t), 'a\x1b[2J\n\u202eb.wav');
	const ended = await run(['transcribe', file]);
	assertOneSentence(ended, /a b\.wav/);
	assert.doesNotMatch(ended.stderr.trimEnd(), /[\p{Cc}\u202e]/u);
});

test('a file that fails among good ones is one sentence and exit code 1', async t => {
	const ended = await run(['transcribe', jfk, path.join(temporaryFolder(t), 'gone.wav'), jfk]);
	assertOneSentence(ended, /gone\.wav/);
	assert.equal(ended.code, 1);
	assert.equal(ended.stdout.match(/== jfk\.wav ==/g)?.length, 2);
});

test('an unknown model is one sentence and wrong usage', async () => {
	const ended = await run(['transcribe', jfk, '--model', 'huge']);
	assertOneSentence(ended, /no model `huge`; known here: embedded/);
	assert.deepEqual([ended.code, ended.stdout], [2, '']);
});

test('a package with one changed byte is refused in one sentence, whichever file it is in', async t => {
	const source = path.join(projectRoot, 'models', 'embedded');
	const {files} = JSON.parse(readFileSync(path.join(source, 'model.json'), 'utf8')) as {files: {name: string}[]};
	for (const {name} of files) {
		const folder = path.join(temporaryFolder(t), 'changed');
		cpSync(source, folder, {recursive: true});
		const bytes = readFileSync(path.join(folder, name));
		bytes[bytes.length >> 1]! ^= 1;
		writeFileSync(path.join(folder, name), bytes);
		const ended = await run(['transcribe', jfk, '--model', folder]);
		assertOneSentence(ended, new RegExp(`refused: ${name.replaceAll('.', '\\.')} is damaged`));
		assert.deepEqual([ended.code, ended.stdout], [1, '']);
	}
});

test('an output in a folder that takes no files is one sentence', async () => {
	const ended = await run(['transcribe', jfk, '--output', '/proc/captions.txt']);
	assertOneSentence(ended, /\/proc\/captions\.txt/);
	assert.deepEqual([ended.code, ended.stdout], [1, '']);
});

test('a full standard output loses no caption', async () => {
	const expected = (await run(['transcribe', minute])).stdout;
	const {code, stderr} = runInShell('$PI transcribe "$MINUTE" > /dev/full', {MINUTE: minute});
	assert.equal(code, 1);
	const [sentence, ...captions] = stderr.split('\n');
	assert.match(sentence!, /^Cannot write to standard output: no space is left on the device; .*\.$/);
	assertSameCaptions(captions.join('\n'), expected);
});

/** A file system of 64 kB in memory, mounted as `options` say; undefined where that is not allowed. */
function smallDisk(t: TestContext, options: string): string | undefined {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-disk-'));
	const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=64k,${options}`, 'tmpfs', folder]).status === 0;
	t.after(() => {
		if (isMounted) execFileSync('umount', ['-l', folder]);
		rmdirSync(folder);
	});
	return isMounted ? folder : undefined;
}

/** Leaves `bytes` free on the small disk. */
function fill(disk: string, bytes: number): void {
	writeFileSync(path.join(disk, 'filler'), Buffer.alloc(64 * 1024 - bytes));
}

test('a read-only disk is one sentence', async t => {
	const disk = smallDisk(t, 'ro');
	if (!disk) return t.skip(noDisk);
	const ended = await run(['transcribe', jfk, '--output', path.join(disk, 'jfk.txt')]);
	assertOneSentence(ended, /jfk\.txt: the disk is read-only/);
	assert.deepEqual([ended.code, ended.stdout], [1, '']);
});

test('a disk that fills up keeps whole captions and shows the others', async t => {
	const disk = smallDisk(t, 'mode=0777');
	if (!disk) return t.skip(noDisk);
	fill(disk, 4096);
	const output = path.join(disk, 'minute.json');
	const expected = (await run(['transcribe', minute])).stdout;
	const ended = await run(['transcribe', minute, '--words', '--format', 'json', '--output', output]);
	assert.equal(ended.code, 1);
	assertOneSentence(ended, /^Cannot write .*minute\.json: no space is left on the device; /);
	const kept = captionsIn(readFileSync(output, 'utf8'));
	assert.ok(kept.length > 0 && ended.stdout !== '');
	assertSameCaptions(`${kept.join('\n')}\n${ended.stdout}`, expected);
});

test('a disk that fills up behind standard output loses no caption', async t => {
	const disk = smallDisk(t, 'mode=0777');
	if (!disk) return t.skip(noDisk);
	fill(disk, 4096);
	const output = path.join(disk, 'minute.json');
	const expected = (await run(['transcribe', minute])).stdout;
	const line = '$PI transcribe --words --format json "$MINUTE" > "$OUTPUT"';
	const {code, stderr} = runInShell(line, {MINUTE: minute, OUTPUT: output});
	assert.equal(code, 1);
	const [sentence, ...shown] = stderr.trimEnd().split('\n');
	assert.match(sentence!, /^Cannot write to standard output: no space is left on the device; .*\.$/);
	const kept = readFileSync(output, 'utf8');
	// The line that did not fit whole breaks off; its caption is shown too.
	const whole = captionsIn(kept.slice(0, kept.lastIndexOf('\n') + 1));
	assert.ok(whole.length > 0 && shown.length > 0);
	assertSameCaptions([...whole, ...shown].join('\n'), expected);
});

const captionsIn = (json: string) =>
	[...json.matchAll(/^\{"segmentId".*?"text":"(.*?)","words":/gm)].map(match => match[1]!);
