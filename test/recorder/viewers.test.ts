import assert from 'node:assert/strict';
import {once} from 'node:events';
import {rmSync, statSync} from 'node:fs';
import {mkdtemp} from 'node:fs/promises';
import {connect, type Socket} from 'node:net';
import {type TestContext, test} from 'node:test';
import {setTimeout} from 'node:timers/promises';
import {
	type FromRecorder,
	fromRecorder,
	type RecorderStatus,
	recorderProtocolVersion,
} from '../../src/recorder/protocol.js';
import {Viewers} from '../../src/recorder/viewers.js';
import {collectGarbage} from '../../src/system/collect-garbage.js';
import {listenPrivately} from '../../src/system/private-socket.js';

const status: RecorderStatus = {state: 'idle', recorderPid: 1, isService: false, notices: []};

/** Viewers behind a real socket; every snapshot has the number of the open caption that `nth` says. */
async function viewers(t: TestContext) {
	const folder = await mkdtemp('/tmp/pc-');
	const asked: string[] = [];
	let nSnapshots = 0;
	const hub = new Viewers({
		snapshot: () => [{type: 'snapshot', status, journalBytes: nSnapshots++}],
		status: () => status,
		async onCommand(command) {
			asked.push(command.name);
			if (command.name === 'stop') throw new Error('It cannot be stopped.');
			return {isDone: true, message: `Did ${command.name}.`};
		},
		onCount: () => {},
	});
	const {server, file} = await listenPrivately(folder, socket => hub.add(socket));
	t.after(() => {
		hub.close('The test is over.');
		server.close();
		rmSync(folder, {recursive: true});
	});
	return {hub, file, asked};
}

/** A viewer that reads only when it is asked to. */
class RawViewer {
	readonly said: FromRecorder[] = [];
	#rest = '';

	private constructor(readonly socket: Socket) {
		socket.setEncoding('utf8').on('data', (text: string) => {
			const lines = (this.#rest + text).split('\n');
			this.#rest = lines.pop()!;
			for (const line of lines) this.said.push(fromRecorder.parse(JSON.parse(line)));
		});
		socket.on('error', () => {});
	}

	static async connect(file: string, hello: object | string): Promise<RawViewer> {
		const socket = connect(file);
		await once(socket, 'connect');
		const viewer = new RawViewer(socket);
		viewer.send(hello);
		return viewer;
	}

	send(message: object | string): void {
		this.socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
	}

	async until(isSo: (said: readonly FromRecorder[]) => boolean): Promise<void> {
		while (!isSo(this.said)) await setTimeout(5);
	}
}

const hello = (wants: 'events' | 'replies', protocolVersion = recorderProtocolVersion) => ({
	type: 'hello',
	protocolVersion,
	wants,
});
const types = (said: readonly FromRecorder[]) => said.map(({type}) => type);

test('a viewer of another protocol version gets a sentence', async t => {
	const {file} = await viewers(t);
	const viewer = await RawViewer.connect(file, hello('events', 99));
	await once(viewer.socket, 'close');
	assert.deepEqual(types(viewer.said), ['hello', 'bye']);
	assert.match((viewer.said[1] as {message: string}).message, /speaks protocol 1, and the viewer speaks 99: use/);
});

test('what is no message ends only its own connection, with a sentence', async t => {
	const {file, hub} = await viewers(t);
	const good = await RawViewer.connect(file, hello('events'));
	await good.until(said => said.length === 2);
	for (const bad of ['{', 'null', '{"type":"command","id":1,"command":{"name":"format disk"}}', 'x'.repeat(70_000)]) {
		const viewer = await RawViewer.connect(file, hello('replies'));
		viewer.send(bad);
		await once(viewer.socket, 'close');
		assert.equal(viewer.said.at(-1)?.type, 'bye');
	}
	const early = await RawViewer.connect(file, {type: 'command', id: 1, command: {name: 'stop'}});
	await once(early.socket, 'close');
	assert.deepEqual(types(early.said), ['bye']);
	hub.show({type: 'status', status});
	await good.until(said => said.at(-1)?.type === 'status');
});

test('a command is answered once, also when it fails', async t => {
	const {file, asked} = await viewers(t);
	const viewer = await RawViewer.connect(file, hello('replies'));
	viewer.send({type: 'command', id: 7, command: {name: 'mark'}});
	viewer.send({type: 'command', id: 8, command: {name: 'stop'}});
	await viewer.until(said => said.length === 3);
	assert.deepEqual(asked, ['mark', 'stop']);
	assert.deepEqual(
		viewer.said.slice(1).map(said => said.type === 'reply' && [said.id, said.isDone, said.message]),
		[
			[7, true, 'Did mark.'],
			[8, false, 'It cannot be stopped.'],
		],
	);
});

test('a viewer that does not read leaves memory flat, and begins anew from a snapshot when it reads again', async t => {
	const {file, hub} = await viewers(t);
	const other = await RawViewer.connect(file, hello('events'));
	const stopped = await RawViewer.connect(file, hello('events'));
	await stopped.until(said => said.length === 2);
	stopped.socket.pause();

	const notices = ['x'.repeat(900)];
	const nMessages = 20_000;
	collectGarbage();
	const before = process.memoryUsage();
	for (let i = 0; i < nMessages; i++) {
		hub.show({type: 'status', status: {...status, recorderPid: i, notices}});
		if (i % 50 === 0) await setTimeout(0);
	}
	collectGarbage();
	const after = process.memoryUsage();
	const grownMb = (after.arrayBuffers + after.external - before.arrayBuffers - before.external) / 1e6;
	assert.ok(grownMb < 5, `${grownMb} MB`);
	await other.until(said => said.some(one => one.type === 'status' && one.status.recorderPid === nMessages - 1));

	stopped.socket.resume();
	await stopped.until(said => types(said).lastIndexOf('snapshot') > 2);
	hub.show({type: 'status', status: {...status, recorderPid: nMessages}});
	await stopped.until(said => said.some(one => one.type === 'status' && one.status.recorderPid === nMessages));
	const anew = stopped.said.slice(types(stopped.said).lastIndexOf('snapshot'));
	assert.deepEqual(types(anew), ['snapshot', 'status']);
	assert.ok(stopped.said.length < nMessages);
});

test("the socket and its folder are their owner's alone", async t => {
	const {file} = await viewers(t);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.match(file, /\/[0-9a-f]{8}\.sock$/);
});
