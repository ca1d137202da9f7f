import {fstatSync, writeSync} from 'node:fs';
import {Writable} from 'node:stream';
import type {ScreenStream} from '../ui/screen.js';

/** Standard output. Where it is a file, every write is whole or an error: Node's own stream forgets what a full disk did not take. */
export function standardOutput(): ScreenStream {
	if (!isFile(1)) return process.stdout;
	return new Writable({
		decodeStrings: true,
		write(bytes: Buffer, _encoding, done) {
			try {
				for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
				done();
			} catch (error) {
				done(error as Error);
			}
		},
	});
}

function isFile(descriptor: number): boolean {
	try {
		return fstatSync(descriptor).isFile();
	} catch {
		return false;
	}
}
