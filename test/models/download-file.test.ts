import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import type {ServerResponse} from 'node:http';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {type Download, type DownloadOptions, downloadFile} from '../../src/models/download-file.js';
import {checkBaseUrl, fileUrl} from '../../src/models/hub-request.js';
import {temporaryFolder} from '../convert/temporary-folder.js';
import {type Fault, type Hub, sha256Of, startHub} from './hub.js';

const name = 'weights@1.bin';
const bytes = Buffer.from(Array.from({length: 300_000}, (_, i) => (i * 7 + (i >> 8)) % 256));

type Case = {hub: Hub; folder: string; download: Download; get: (options?: DownloadOptions) => Promise<void>};

/** A hub with one file, and a folder to fetch it to. */
async function begin(t: TestContext, changes: Partial<Download> = {}): Promise<Case> {
	const root = await temporaryFolder(t);
	const [served, folder] = [path.join(root, 'served'), path.join(root, 'here')];
	mkdirSync(served);
	mkdirSync(folder);
	writeFileSync(path.join(served, name), bytes);
	const hub = await startHub(t, served);
	const url = fileUrl(checkBaseUrl(hub.url), 'owner/model', '0'.repeat(40), name);
	const download = {url, file: path.join(folder, name), size: bytes.length, sha256: sha256Of(bytes), ...changes};
	return {hub, folder, download, get: options => downloadFile(download, {firstPauseMs: 1, ...options})};
}

const assertWhole = ({folder}: Case) => {
	assert.deepEqual(readdirSync(folder), [name]);
	assert.ok(readFileSync(path.join(folder, name)).equals(bytes));
};

const assertNothing = ({folder}: Case) => assert.deepEqual(readdirSync(folder), []);

/** Answers with `status` as long as `nth` is below `until`. */
const answers =
	(status: number, until: number, headers: Record<string, string> = {}): Fault =>
	(_request, response, {nth}) => {
		if (nth >= until) return false;
		response.writeHead(status, headers).end();
		return true;
	};

test('a file is fetched through the redirect of the hub and gets its name at the end', async t => {
	const one = await begin(t);
	const reported: number[] = [];
	await one.get({onProgress: received => reported.push(received)});
	assertWhole(one);
	assert.deepEqual(
		one.hub.asked.map(({path}) => path),
		[`/owner/model/resolve/${'0'.repeat(40)}/weights%401.bin`, '/cdn/weights%401.bin'],
	);
	assert.equal(reported.at(-1), bytes.length);
	assert.deepEqual(
		reported,
		[...reported].sort((a, b) => a - b),
	);
});

test('a file that is there is not fetched again, and one that was changed since is', async t => {
	const one = await begin(t);
	await one.get();
	const {length} = one.hub.asked;
	await one.get();
	assert.equal(one.hub.asked.length, length);
	const damaged = Buffer.from(bytes);
	damaged[1000]! ^= 1;
	writeFileSync(path.join(one.folder, name), damaged);
	await one.get();
	assertWhole(one);
});

test('a cut connection is gone on with where it was cut, again and again', async t => {
	const one = await begin(t);
	let open: ServerResponse | undefined;
	one.hub.fault = (_request, response, {bytes, from, nth}) => {
		if (nth > 3) return false;
		const rest = {'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`};
		const headers = {etag: `"${sha256Of(bytes)}"`, 'content-length': bytes.length - from, ...(from > 0 ? rest : {})};
		response.writeHead(from > 0 ? 206 : 200, headers).write(bytes.subarray(from, 60_000 * nth));
		open = response;
		return true;
	};
	const pauses: string[] = [];
	await one.get({
		onRetry: reason => pauses.push(reason),
		// Cut only when the bytes have arrived.
		onProgress: received => received > 0 && received % 60_000 === 0 && open?.destroy(),
	});
	assertWhole(one);
	assert.deepEqual(pauses, Array(3).fill('the connection was cut'));
	const rests = one.hub.asked.filter(({path, range}) => path.startsWith('/cdn') && range);
	assert.deepEqual(
		rests.map(({range}) => range),
		['bytes=60000-', 'bytes=120000-', 'bytes=180000-'],
	);
	for (const {ifRange} of rests) assert.equal(ifRange, `"${sha256Of(bytes)}"`);
});

test('a later call goes on with what an interrupted one left', async t => {
	const one = await begin(t);
	const controller = new AbortController();
	one.hub.fault = (_request, response, {bytes, from, nth}) => {
		if (nth > 1) return false;
		response.writeHead(200, {'content-length': bytes.length});
		response.write(bytes.subarray(from, 100_000));
		return true;
	};
	const onProgress = (received: number) => received >= 100_000 && controller.abort(new Error('enough'));
	await assert.rejects(one.get({signal: controller.signal, onProgress}), /enough/);
	assert.deepEqual(readdirSync(one.folder), [`${name}.partial`]);
	await one.get();
	assertWhole(one);
	assert.equal(one.hub.asked.at(-1)!.range, 'bytes=100000-');
});

test('a file that is another one by now is fetched from its beginning', async t => {
	const one = await begin(t);
	writeFileSync(path.join(one.folder, `${name}.partial`), Buffer.alloc(50_000, 1));
	writeFileSync(path.join(one.folder, `${name}.etag`), '"another"');
	await one.get();
	assertWhole(one);
	assert.equal(one.hub.asked.at(-1)!.ifRange, '"another"');
});

test('pieces that do not make the file are fetched anew', async t => {
	const one = await begin(t);
	writeFileSync(path.join(one.folder, `${name}.partial`), Buffer.alloc(50_000, 1));
	await one.get();
	assertWhole(one);
	assert.deepEqual(
		one.hub.asked.filter(({path}) => path.startsWith('/cdn')).map(({range}) => range),
		['bytes=50000-', undefined],
	);
});

test('a server that ignores ranges sends it whole', async t => {
	const one = await begin(t);
	writeFileSync(path.join(one.folder, `${name}.partial`), bytes.subarray(0, 50_000));
	one.hub.fault = (_request, response, {bytes}) => {
		response.writeHead(200, {'content-length': bytes.length}).end(bytes);
		return true;
	};
	await one.get();
	assertWhole(one);
});

test('another part than was asked for is not taken', async t => {
	const one = await begin(t);
	writeFileSync(path.join(one.folder, `${name}.partial`), bytes.subarray(0, 50_000));
	one.hub.fault = (_request, response, {bytes, nth}) => {
		if (nth > 1) return false;
		response.writeHead(206, {'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`}).end(bytes);
		return true;
	};
	await one.get();
	assertWhole(one);
});

for (const status of [429, 500, 502, 503]) {
	test(`${status} passes`, async t => {
		const one = await begin(t);
		one.hub.fault = answers(status, 3);
		await one.get();
		assertWhole(one);
	});
}

test('the server says how long to wait, in seconds or as a date, and ten minutes at most', async t => {
	for (const [header, least, most] of [
		['0', 0, 0],
		[new Date(Date.now() + 2000).toUTCString(), 0, 2000],
		['999999', 600_000, 600_000],
	] as const) {
		const one = await begin(t);
		one.hub.fault = answers(429, 2, {'retry-after': header});
		const controller = new AbortController();
		let pause = Number.NaN;
		const onRetry = (_reason: string, pauseMs: number) => {
			pause = pauseMs;
			if (pauseMs > 0) controller.abort(new Error('not waited for'));
		};
		await one.get({signal: controller.signal, onRetry}).catch(() => {});
		assert.ok(pause >= least && pause <= most, `${header}: ${pause}`);
	}
});

test('pauses are doubled, and what does not pass is given up with a sentence', async t => {
	const one = await begin(t);
	one.hub.fault = answers(500, Number.POSITIVE_INFINITY);
	const pauses: number[] = [];
	const onRetry = (_reason: string, pauseMs: number) => pauses.push(pauseMs);
	await assert.rejects(one.get({onRetry, maxFailures: 5}), {
		name: 'ModelError',
		code: 'network',
		message: /^127\.0\.0\.1:\d+: 127\.0\.0\.1:\d+ answers 500, 5 times in a row; run the same command again/,
	});
	assert.deepEqual(pauses, [1, 2, 4, 8]);
});

test('a server that falls silent is asked again', async t => {
	const one = await begin(t);
	one.hub.fault = (_request, response, {bytes, nth}) => {
		if (nth > 1) return false;
		response.writeHead(200, {'content-length': bytes.length});
		response.write(bytes.subarray(0, 1000));
		return true;
	};
	const reasons: string[] = [];
	await one.get({stallMs: 200, onRetry: reason => reasons.push(reason)});
	assertWhole(one);
	assert.deepEqual(reasons, ['the server fell silent']);
});

test('nobody at home is a network failure', async t => {
	const one = await begin(t);
	one.hub.close();
	await assert.rejects(one.get({maxFailures: 2}), {code: 'network', message: /the server refuses the connection/});
});

for (const status of [401, 403, 404, 410]) {
	test(`${status} does not pass`, async t => {
		const one = await begin(t);
		one.hub.fault = answers(status, Number.POSITIVE_INFINITY);
		await assert.rejects(one.get(), {code: 'bad-download', message: new RegExp(`is not to be had \\(${status}`)});
		assert.equal(one.hub.asked.length, 2);
	});
}

test('a file with another sha256 is thrown away', async t => {
	const one = await begin(t, {sha256: '0'.repeat(64)});
	await assert.rejects(one.get(), {code: 'bad-download', message: /has another sha256 than the catalogue says/});
	assertNothing(one);
});

test('a file of another size is not even fetched', async t => {
	for (const size of [bytes.length - 1, bytes.length + 1]) {
		const one = await begin(t, {size});
		await assert.rejects(one.get(), {code: 'bad-download', message: new RegExp(`should have ${size} bytes and has`)});
		assertNothing(one);
	}
});

test('a file that goes on behind its end, without saying so, is thrown away', async t => {
	const one = await begin(t, {size: 1000, sha256: undefined});
	one.hub.fault = (_request, response, {bytes}) => {
		response.writeHead(200);
		response.end(bytes);
		return true;
	};
	await assert.rejects(one.get(), {code: 'bad-download', message: /has more than 1000 bytes/});
	assertNothing(one);
});

test('without a sha256 nothing is gone on with', async t => {
	const one = await begin(t, {sha256: undefined});
	writeFileSync(path.join(one.folder, `${name}.partial`), Buffer.alloc(50_000, 1));
	await one.get();
	assertWhole(one);
	assert.equal(one.hub.asked.at(-1)!.range, undefined);
});

const redirects = (location: string): Fault => {
	return (_request, response) => {
		response.writeHead(302, {location}).end();
		return true;
	};
};

for (const [title, location, message] of [
	['to http elsewhere', 'http://example.org/x', /http:\/\/example\.org is refused: models are fetched by https alone/],
	['to a host that only begins like this machine', 'http://127.0.0.1.example.org/', /is refused/],
	['to a file', 'file:///etc/passwd', /is refused/],
	['with a user name', 'https://user:secret@example.org/', /has a user name in it/],
	['in circles', '', /redirects more than 10 times|no URL/],
] as const) {
	test(`a redirect ${title} is refused`, async t => {
		const one = await begin(t);
		one.hub.fault = redirects(location);
		await assert.rejects(one.get(), {name: 'ModelError', code: 'bad-download', message});
		assert.deepEqual(
			readdirSync(one.folder).filter(file => !file.endsWith('.partial')),
			[],
		);
	});
}

test('https never becomes http, on this machine neither', async t => {
	const original = globalThis.fetch;
	t.after(() => {
		globalThis.fetch = original;
	});
	globalThis.fetch = async () => new Response(null, {status: 302, headers: {location: 'http://127.0.0.1:1/x'}});
	const one = await begin(t, {url: new URL('https://example.org/x')});
	await assert.rejects(one.get(), {code: 'bad-download', message: /redirects from https to http:\/\/: refused/});
});

for (const base of [
	'http://example.org',
	'ftp://example.org',
	'file:///tmp',
	'not a url',
	'https://me:pw@example.org',
]) {
	test(`${base} is no place to download from`, () => {
		assert.throws(() => checkBaseUrl(base), {name: 'ModelError', code: 'bad-download'});
	});
}

test('a base URL keeps its path, and http is for this machine', () => {
	assert.equal(
		fileUrl(checkBaseUrl('https://a.org/hub'), 'o/m', 'r', 'a@b.c').href,
		'https://a.org/hub/o/m/resolve/r/a%40b.c',
	);
	for (const base of ['http://localhost:1', 'http://127.0.0.1', 'http://[::1]:8080']) checkBaseUrl(base);
});
