import {readdir, readFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {loadDelayedStreamsEngine} from '../../src/engine/delayed-streams/engine.js';
import {readModelPackage} from '../../src/engine/model-package.js';

// Decodes the cases that `arm.ts` laid into the folder, on whatever processor this is, and prints one JSON line for each.

/** A case is a folder with a package and `samples.f32`, what it hears. */
export type DecodedCase = {name: string; tokens: number[]; text: string; computeMs: number};

const folder = process.argv[2]!;
console.error(`${os.arch()}, ${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`);
for (const name of (await readdir(folder)).sort()) {
	const bytes = await readFile(path.join(folder, name, 'samples.f32'));
	const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
	const modelDir = path.join(folder, name, 'package');
	const manifest = await readModelPackage(modelDir);
	const engine = await loadDelayedStreamsEngine(modelDir, manifest, {threads: 1, framesPerCall: 4});
	const tokens: number[] = [];
	const finals: string[] = [];
	const stream = engine.createStream(
		({type, segment}) => type === 'final' && finals.push(segment.text),
		({token}) => tokens.push(token),
	);
	const start = performance.now();
	stream.feed(samples);
	await stream.flush();
	const decoded: DecodedCase = {name, tokens, text: finals.join(' '), computeMs: performance.now() - start};
	console.log(JSON.stringify(decoded));
	await engine.close();
}
