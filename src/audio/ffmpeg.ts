import path from 'node:path';
import type {Readable} from 'node:stream';
import {execa} from 'execa';
import {AudioError} from './audio-error.js';
import {ByteReader} from './byte-reader.js';
import type {DecodedAudio} from './decoded-audio.js';
import {openWav} from './wav.js';

/** What ffmpeg reads: a file by its path, or bytes that come. */
export type FfmpegInput = {path: string} | {bytes: ByteReader};

const maxMessageBytes = 4096;

/**
 * Decodes what has no decoder here through ffmpeg at `ffmpeg`, told by `demuxer` what the bytes were seen to be: left to itself it would follow playlists to other
 * files and hosts. `close` kills it. Throws `AudioError`.
 */
export async function openWithFfmpeg(
	ffmpeg: string,
	demuxer: string,
	input: FfmpegInput,
	warnings: string[],
): Promise<DecodedAudio & {close(): Promise<void>}> {
	const source = 'path' in input ? `file:${path.resolve(input.path)}` : 'pipe:0';
	const limits = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file,pipe'];
	const output = ['-map', '0:a:0', '-vn', '-sn', '-dn', '-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'];
	const child = execa(ffmpeg, [...limits, '-f', demuxer, '-i', source, ...output], {
		stdin: 'path' in input ? 'ignore' : 'pipe',
		buffer: false,
		reject: false,
		// Nothing of the user's environment is ffmpeg's business.
		extendEnv: false,
		env: {LC_ALL: 'C'},
	});
	if ('bytes' in input) void feed(input.bytes, child.stdin!);
	let message = '';
	child.stderr!.setEncoding('utf8').on('data', (text: string) => {
		if (message.length < maxMessageBytes) message += text;
	});

	const close = async () => {
		child.kill('SIGKILL');
		await child;
	};
	// A WAV into a pipe has open sizes: not worth a word.
	const unheard: string[] = [];
	try {
		const decoded = await openWav(new ByteReader(child.stdout as Readable), unheard);
		return {...decoded, estimatedSamples: () => undefined, blocks: checked(decoded.blocks), close};
	} catch (error) {
		await close();
		throw new AudioError('corrupt', `ffmpeg finds no sound in this file${said(message)}`, {cause: error});
	}

	async function* checked(blocks: AsyncIterable<Float32Array>): AsyncGenerator<Float32Array> {
		yield* blocks;
		const {exitCode} = await child;
		if (exitCode !== 0) throw new AudioError('corrupt', `ffmpeg could not read this file to its end${said(message)}`);
		if (message !== '') warnings.push(`ffmpeg found this file damaged${said(message)}`);
	}
}

async function feed(bytes: ByteReader, stdin: NodeJS.WritableStream): Promise<void> {
	// ffmpeg may stop reading first; what it says then is the message.
	stdin.on('error', () => {});
	for (;;) {
		const piece = await bytes.readSome(1 << 16);
		if (piece.length === 0) break;
		if (!stdin.write(piece)) await new Promise<void>(resolve => stdin.once('drain', resolve).once('close', resolve));
	}
	stdin.end();
}

/** The last line that ffmpeg wrote, as the end of a sentence. */
function said(message: string): string {
	const last = message.trim().split('\n').at(-1)!.slice(0, 200);
	return last === '' ? '.' : `: it says "${last}".`;
}
