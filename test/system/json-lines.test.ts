import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {z} from 'zod';
import {type JsonLinesOptions, speakJsonLines} from '../../src/system/json-lines.js';
import {listenPrivately} from '../../src/system/private-socket.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-lines-'));
after(() => rmSync(folder, {recursive: true}));

const numbered = z.object({n: z.number()});
type Numbered = z.infer<typeof numbered>;

/** Both ends of a connection; only ours speaks JSON lines by the code that is tested. */
async function connected(options: Partial<JsonLinesOptions<Numbered>> = {}) {
	const messages: Numbered[] = [];
	const sockets: Socket[] = [];
	const {server, file} = await listenPrivately(folder, socket => sockets.push(socket));
	const theirs = connect(file);
	await once(theirs, 'connect');
	if (sockets.length === 0) await once(server, 'connection');
	server.close();
	let tellEnd: (problem?: string) => void = () => {};
	const ended = new Promise<string | undefined>(resolve => {
		tellEnd = resolve;
	});
	const ours = speakJsonLines<Numbered>(sockets[0]!, {
		accepts: numbered,
		onMessage: message => messages.push(message),
		onEnd: tellEnd,
		...options,
	});
	return {ours, theirs, messages, ended};
}

async function readAll(socket: Socket): Promise<string> {
	let text = '';
	for await (const data of socket.setEncoding('utf8')) text += data;
	return text;
}

test('messages arrive in order however their bytes are cut', async () => {
	const {theirs, messages, ended} = await connected();
	const text = [1, 2, 3].map(n => `${JSON.stringify({n, note: 'größer'})}\n`).join('');
	for (const byte of Buffer.from(text)) theirs.write(Buffer.of(byte));
	theirs.end();
	assert.equal(await ended, undefined);
	assert.deepEqual(messages, [{n: 1}, {n: 2}, {n: 3}]);
});

const refuses = (title: string, sent: string, problem: RegExp) =>
	test(title, async () => {
		const {theirs, messages, ended} = await connected({maxLineBytes: 100, bye: message => ({bye: message})});
		theirs.write(`{"n":1}\n${sent}\n{"n":2}\n`);
		assert.match((await ended)!, problem);
		assert.match(JSON.parse(await readAll(theirs)).bye, problem);
		assert.deepEqual(messages, [{n: 1}]);
	});
refuses(
	'a line that is too long ends the connection with a sentence',
	'x'.repeat(101),
	/a line of more than 100 bytes\.$/,
);
refuses('a line that is no JSON ends the connection with a sentence', '{n:1}', /a line that is no JSON\.$/);
refuses(
	'a message that is unknown ends the connection with a sentence',
	'{"m":1}',
	/that this version does not know\.$/,
);
refuses('bytes that are no text end the connection with a sentence', '\0\x1b[2J', /a line that is no JSON\.$/);

test('a line without an end is not kept beyond the limit', async () => {
	const {theirs, ended} = await connected({maxLineBytes: 1000});
	theirs.on('error', () => {});
	theirs.write(Buffer.alloc(1 << 20, 'x'));
	assert.match((await ended)!, /more than 1000 bytes/);
	theirs.destroy();
});

test('a peer that does not read ends its connection when the outbox is full', async () => {
	const {ours, theirs, ended} = await connected({maxOutboxBytes: 10_000});
	theirs.pause();
	for (let n = 0; n < 5000; n++) ours.send({n, text: 'x'.repeat(100)});
	assert.match((await ended)!, /^The other side did not read \d+ bytes that were sent to it\.$/);
	theirs.destroy();
});

test('after an overflow a peer that reads again is told once to go on from there', async () => {
	let nOverflows = 0;
	const peer = await connected({
		maxOutboxBytes: 10_000,
		onOverflow() {
			nOverflows++;
			peer.ours.send({snapshot: true});
			peer.ours.end({n: -1});
		},
	});
	peer.theirs.pause();
	for (let n = 0; n < 5000; n++) peer.ours.send({n, text: 'x'.repeat(100)});
	const lines = (await readAll(peer.theirs))
		.trim()
		.split('\n')
		.map(line => JSON.parse(line));
	const nBefore = lines.length - 2;
	assert.equal(nOverflows, 1);
	assert.ok(nBefore < 5000);
	assert.deepEqual(
		lines.slice(0, nBefore).map(({n}) => n),
		Array.from({length: nBefore}, (_, n) => n),
	);
	assert.deepEqual(lines.slice(nBefore), [{snapshot: true}, {n: -1}]);
});

test('the last message reaches a peer, and nothing after it', async () => {
	const {ours, theirs} = await connected();
	ours.send({n: 1});
	ours.end({n: 2});
	ours.send({n: 3});
	assert.equal(await readAll(theirs), '{"n":1}\n{"n":2}\n');
});
