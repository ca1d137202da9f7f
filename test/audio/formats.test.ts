import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {AudioError, type AudioErrorCode} from '../../src/audio/audio-error.js';
import {openAudio} from '../../src/audio/open-audio.js';
import {sniff} from '../../src/audio/sniff.js';
import {createRandom} from '../convert/random.js';
import {projectRoot} from '../project-root.js';
import {int16, makeWav} from './make-wav.js';
import {inPieces, readAudio} from './read-audio.js';

const audio = path.join(projectRoot, 'test', 'fixtures', 'audio');
const formats = path.join(audio, 'formats');
const sampleRate = 16_000;
const noFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0 ? false : 'ffmpeg is not installed';

let folder: string;
let original: Float32Array;

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-'));
	original = (await readAudio(path.join(audio, 'austen-0880.wav'), {sampleRate})).samples;
});

after(() => rm(folder, {recursive: true}));

/** How alike two recordings are, 1 for the same sound at the same time. */
function likeness(a: Float32Array, b: Float32Array): number {
	let [ab, aa, bb] = [0, 0, 0];
	for (let i = 0; i < Math.min(a.length, b.length); i++) {
		ab += a[i]! * b[i]!;
		aa += a[i]! ** 2;
		bb += b[i]! ** 2;
	}
	return ab / Math.sqrt(aa * bb);
}

for (const [extension, least, slack] of [
	['mp3', 0.97, 1152],
	['flac', 1, 0],
	['oga', 1, 0],
	['ogg', 0.97, 0],
	['opus', 0.93, 0],
] as const) {
	test(`${extension} gives the samples of the WAV, whatever its name`, async () => {
		const disguised = path.join(folder, `${extension}.wav`);
		await copyFile(path.join(formats, `austen-0880.${extension}`), disguised);
		const {samples, warnings} = await readAudio(disguised, {sampleRate, ffmpeg: undefined});
		assert.ok(Math.abs(samples.length - original.length) <= slack, `${samples.length} samples`);
		assert.ok(likeness(samples, original) >= least - 1e-6, `likeness ${likeness(samples, original)}`);
		assert.deepEqual(warnings, []);
	});

	test(`${extension} comes through standard input too`, async () => {
		const bytes = await readFile(path.join(formats, `austen-0880.${extension}`));
		const {samples} = await readAudio('-', {sampleRate, standardInput: inPieces(bytes, 777)});
		assert.ok(Math.abs(samples.length - original.length) <= slack, `${samples.length} samples`);
	});
}

test('M4A is read by ffmpeg', {skip: noFfmpeg}, async () => {
	const {samples} = await readAudio(path.join(formats, 'austen-0880.m4a'), {sampleRate});
	assert.ok(Math.abs(samples.length - original.length) <= 2048);
	assert.ok(likeness(samples, original) > 0.95);
});

test('ffmpeg gets the sniffed container, no network, no environment', async () => {
	const fake = path.join(folder, 'ffmpeg');
	const log = path.join(folder, 'ffmpeg.log');
	await writeFile(fake, `#!/bin/sh\n{ printf '%s\\n' "$@"; echo ==; env; } > ${log}\nexit 1\n`, {mode: 0o755});
	const file = path.join(formats, 'austen-0880.m4a');
	await assert.rejects(openAudio(file, {sampleRate, ffmpeg: fake}), AudioError);
	const [args, environment] = (await readFile(log, 'utf8')).split('==\n');
	assert.deepEqual(args!.trim().split('\n').slice(0, 9), [
		'-nostdin',
		'-v',
		'error',
		'-protocol_whitelist',
		'file,pipe',
		'-f',
		'mov',
		'-i',
		`file:${file}`,
	]);
	const names = environment!
		.trim()
		.split('\n')
		.map(line => line.split('=')[0]!);
	assert.deepEqual(
		names.filter(name => !['LC_ALL', 'PWD', 'SHLVL', '_', 'OLDPWD', 'PATH'].includes(name)),
		[],
	);
});

test('without ffmpeg an M4A says what to install', () =>
	assert.rejects(openAudio(path.join(formats, 'austen-0880.m4a'), {sampleRate, ffmpeg: undefined}), {
		code: 'decoder-missing',
		message: /^austen-0880\.m4a: .* needs ffmpeg, which is not installed: sudo apt install ffmpeg\.$/,
	}));

for (const [from, to] of [
	[8000, 16_000],
	[11_025, 16_000],
	[22_050, 16_000],
	[44_100, 16_000],
	[48_000, 24_000],
	[96_000, 16_000],
] as const) {
	test(`${from} Hz become ${to} Hz: the same tone, as loud, at the same time`, async () => {
		const seconds = 1.5;
		const tone = (rate: number) =>
			Float32Array.from({length: Math.round(rate * seconds)}, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate));
		const file = path.join(folder, `${from}.wav`);
		await writeFile(
			file,
			makeWav({
				rate: from,
				data: Buffer.from(Int16Array.from(tone(from), sample => Math.round(sample * 32_767)).buffer),
			}),
		);
		const {samples, estimatedSamples} = await readAudio(file, {sampleRate: to});
		assert.equal(samples.length, Math.round((Math.round(from * seconds) * to) / from));
		assert.equal(estimatedSamples, samples.length);
		const middle = (all: Float32Array) => all.subarray(to / 4, -to / 4);
		assert.ok(likeness(middle(samples), middle(tone(to))) > 0.9999);
		const level = (all: Float32Array) => Math.sqrt(all.reduce((sum, sample) => sum + sample ** 2, 0) / all.length);
		assert.ok(Math.abs(20 * Math.log10(level(middle(samples)) / level(middle(tone(to))))) < 0.1);
	});
}

test('resampling does not depend on how the bytes come', async () => {
	const bytes = makeWav({rate: 44_100, data: int16(...Array.from({length: 30_000}, (_, i) => (i * 37) % 20_000))});
	const whole = await readAudio('-', {sampleRate, standardInput: inPieces(bytes, bytes.length)});
	for (const size of [13, 5000]) {
		assert.deepEqual((await readAudio('-', {sampleRate, standardInput: inPieces(bytes, size)})).samples, whole.samples);
	}
});

test('raw samples on standard input have the rate that was given', async () => {
	const raw = int16(0, 16384, -16384, 8192);
	const {samples} = await readAudio('-', {sampleRate, rawRate: sampleRate, standardInput: inPieces(raw, 3)});
	assert.deepEqual([...samples], [0, 0.5, -0.5, 0.25]);
});

const refuses = (title: string, bytes: Uint8Array | string, name: string, code: AudioErrorCode, message: RegExp) =>
	test(title, async () => {
		const place = await mkdtemp(path.join(folder, 'refused-'));
		const file = path.join(place, name);
		await writeFile(file, bytes);
		await assert.rejects(readAudio(file, {sampleRate, ffmpeg: '/nonexistent/ffmpeg'}), (error: unknown) => {
			assert.ok(error instanceof AudioError, String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			assert.ok(error.message.startsWith(`${name}: `), error.message);
			assert.equal(error.message.split('\n').length, 1);
			return true;
		});
	});

const random = createRandom(7);
const noise = Uint8Array.from({length: 200_000}, () => Math.floor(random() * 256));
refuses('an empty file is refused', '', 'a.wav', 'empty', /0 bytes/);
refuses('a WAV file without samples is refused', makeWav({data: new Uint8Array(0)}), 'a.wav', 'empty', /no samples/);
refuses(
	'text named .wav is refused',
	'These are the minutes of Tuesday.\n'.repeat(50),
	'a.wav',
	'unknown-format',
	/this is text/,
);
for (const [kind, text] of [
	['m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:10\nhttp://127.0.0.1/a.ts\n'],
	['pls', '[playlist]\nFile1=file:///etc/passwd\n'],
	['ffconcat', "ffconcat version 1.0\nfile '/etc/passwd'\n"],
] as const) {
	refuses(
		`a playlist (${kind}) named .m4a is refused before ffmpeg sees it`,
		text,
		'a.m4a',
		'unknown-format',
		/this is text/,
	);
}
refuses('random bytes are refused', noise, 'a.mp3', 'unknown-format', /no recording that can be read/);
refuses(
	'an MP3 tag with nothing behind it is refused',
	Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x0a', 'latin1'), Buffer.alloc(10)]),
	'a.mp3',
	'corrupt',
	/No sound can be decoded from this MP3/,
);
refuses(
	'a FLAC mark with nothing behind it is refused',
	Buffer.concat([Buffer.from('fLaC'), noise.subarray(0, 5000)]),
	'a.flac',
	'corrupt',
	/No sound/,
);

test('a folder and a missing file are refused with their path', async () => {
	await assert.rejects(openAudio(folder, {sampleRate}), {
		code: 'not-a-file',
		message: `${folder} is a folder; name the recordings in it.`,
	});
	await assert.rejects(openAudio('/no/such.wav', {sampleRate}), {
		code: 'not-found',
		message: 'There is no file /no/such.wav.',
	});
});

test('noise of many seeds is never taken for a recording', () => {
	for (let seed = 1; seed <= 40; seed++) {
		const next = createRandom(seed);
		assert.equal(
			sniff(Uint8Array.from({length: 1 << 16}, () => Math.floor(next() * 256))).kind,
			'unknown',
			`seed ${seed}`,
		);
	}
});

test('an MP3 with a large tag or junk before it is still one', async () => {
	const mp3 = await readFile(path.join(formats, 'austen-0880.mp3'));
	const file = path.join(folder, 'junk.mp3');
	await writeFile(file, Buffer.concat([Buffer.alloc(3000), mp3]));
	assert.ok(Math.abs((await readAudio(file, {sampleRate})).samples.length - original.length) < 3000);
	const tag = Buffer.concat([
		Buffer.from('ID3\x03\0\0\0\x06\x1a\x20', 'latin1'),
		Buffer.alloc((6 << 14) | (0x1a << 7) | 0x20, 1),
	]);
	await writeFile(file, Buffer.concat([tag, mp3]));
	assert.ok(Math.abs((await readAudio(file, {sampleRate})).samples.length - original.length) < 3000);
});

const damaged = (title: string, format: string, damage: (bytes: Buffer) => Buffer, leastSeconds: number) =>
	test(title, async () => {
		const file = path.join(folder, `damaged.${format}`);
		await writeFile(file, damage(await readFile(path.join(formats, `austen-0880.${format}`))));
		const {samples} = await readAudio(file, {sampleRate, ffmpeg: undefined});
		assert.ok(samples.length >= leastSeconds * sampleRate, `${samples.length / sampleRate} s`);
		assert.ok(samples.length <= original.length + sampleRate);
		assert.ok(samples.every(Number.isFinite));
	});

const overwrite = (bytes: Buffer, at: number, length: number) => {
	const copy = Buffer.from(bytes);
	for (let i = at; i < at + length; i++) copy[i] = (copy[i]! * 7 + 13) & 255;
	return copy;
};
for (const format of ['flac', 'mp3', 'ogg', 'opus']) {
	const whole = 47_840;
	damaged(
		`a ${format} that is damaged in the middle is read before and behind it`,
		format,
		bytes => overwrite(bytes, bytes.length >> 1, 60),
		(0.6 * whole) / sampleRate,
	);
	damaged(
		`a ${format} that breaks off is read to there`,
		format,
		bytes => bytes.subarray(0, Math.round(bytes.length * 0.7)),
		1.2,
	);
}

test('behind the damage a FLAC keeps its time', async () => {
	const file = path.join(folder, 'time.flac');
	const flac = await readFile(path.join(formats, 'austen-0880.flac'));
	await writeFile(file, overwrite(flac, flac.length >> 1, 60));
	const {samples, warnings} = await readAudio(file, {sampleRate});
	const undamaged = await readAudio(path.join(formats, 'austen-0880.flac'), {sampleRate});
	assert.equal(samples.length, undamaged.samples.length);
	assert.deepEqual(samples.subarray(-16_000), undamaged.samples.subarray(-16_000));
	assert.match(warnings.join(), /This FLAC file is damaged/);
});

test('damaged recordings of every format are read or refused, without a word on the console', async () => {
	const seed = Number(process.env.SEED ?? 20261123);
	const next = createRandom(seed);
	const below = (limit: number) => Math.floor(next() * limit);
	const {error: consoleError, log, warn} = console;
	const said: unknown[] = [];
	console.error = console.log = console.warn = (...words: unknown[]) => said.push(words);
	try {
		for (const format of ['flac', 'mp3', 'ogg', 'opus', 'oga']) {
			const whole = await readFile(path.join(formats, `austen-0880.${format}`));
			for (let i = 0; i < 60; i++) {
				let bytes: Buffer = Buffer.from(whole);
				for (let change = 1 + below(8); change > 0; change--) {
					bytes = overwrite(bytes, below(next() < 0.5 ? 300 : bytes.length), 1 + below(40)).subarray(0, bytes.length);
				}
				if (below(3) === 0) bytes = bytes.subarray(0, below(bytes.length));
				try {
					const {samples} = await readAudio('-', {sampleRate, ffmpeg: undefined, standardInput: inPieces(bytes, 5000)});
					assert.ok(samples.length < 60 * sampleRate);
				} catch (error) {
					if (!(error instanceof AudioError))
						throw new Error(`${format} ${i} of SEED=${seed}: ${error}`, {cause: error});
				}
			}
		}
	} finally {
		Object.assign(console, {error: consoleError, log, warn});
	}
	assert.deepEqual(said, []);
});

test('a source may be closed before it is read, and twice', async () => {
	const source = await openAudio(path.join(formats, 'austen-0880.mp3'), {sampleRate});
	await source.close();
	await source.close();
});
